"""The contract guard: what the project promises about its tables, held against what the databases hold."""
