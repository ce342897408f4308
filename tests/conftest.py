"""What holds for all tests."""

from hypothesis import settings

# A shared machine stands still now and then: how long an example takes says nothing.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
