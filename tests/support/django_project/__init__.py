"""A Django project that publishes events for endpoints which django-outbound-webhooks delivers to."""
