pytest_plugins = ["tests.people", "tests.browser", "tests.clusters"]
