"""The tests' own delivery service does what its options say."""
