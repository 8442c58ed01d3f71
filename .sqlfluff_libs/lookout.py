"""Stand-ins for the project's macros, so that sqlfluff can read the models without dbt and without a database."""


def landing_table(*_arguments: object) -> str:
    return "select 1 as placeholder where false"


def cast_to_contract(_model: object, cte: str, **_settings: object) -> str:
    return f"select * from {cte}"


def compare_with_baseline(*_arguments: object, **_settings: object) -> str:
    return "select 1 as outcome"


def __getattr__(name: str) -> object:
    # Every other macro is an expression.
    return lambda *_arguments, **_settings: "current_timestamp"
