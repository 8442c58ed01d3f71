-- An application needs a number, a name, an owner, a criticality and a recovery objective of 30 to 480 minutes.
with

applications as (
    select * from {{ ref('dim_applications') }}
)

select * from applications
where
    num_nulls(app_id, app_name, owner_team, is_critical, rto_minutes) > 0
    or app_id <= 0
    or rto_minutes not between 30 and 480
