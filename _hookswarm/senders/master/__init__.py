"""The master: plays the plan, tells receivers and workers, keeps the run's folder."""
