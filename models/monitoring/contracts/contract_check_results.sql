{{ config(materialized='ephemeral') }}

-- What the contract checks found broken and not mended since, with the first check of the streak.
with contracts as (
    select * from {{ ref('lookout', 'contracts') }}
    where is_active
),

checks as (
    select * from {{ ref('lookout', 'contract_checks') }}
    where as_of <= {{ lookout.as_of() }}
),

findings as (
    select contract_findings.*
    from {{ ref('lookout', 'contract_findings') }} as contract_findings
    inner join contracts
        on contract_findings.connection = contracts.connection and contract_findings.asset = contracts.asset
    where contract_findings.as_of <= {{ lookout.as_of() }}
),

newest as (
    select distinct on (violation_key) * from findings
    order by violation_key, as_of desc
),

-- The last check that could have found it and did not. A rule that cannot be evaluated is found by every check of it.
cleared as (
    select
        newest.violation_key,
        max(checks.as_of) as cleared_at
    from newest
    inner join checks on newest.connection = checks.connection and newest.asset = checks.asset
    left join findings on newest.violation_key = findings.violation_key and checks.as_of = findings.as_of
    where
        findings.violation_key is null
        and case
            when newest.rule = 'structure' then checks.structure_status
            else checks.values_status
        end in ('passed', 'violated', case when newest.violation_type = 'CONTRACT_NOT_EVALUATED' then 'not_evaluated' end)
    group by newest.violation_key
),

dated as (
    select
        findings.*,
        cleared.cleared_at
    from findings
    left join cleared on findings.violation_key = cleared.violation_key
),

streaks as (
    select
        violation_key,
        min(as_of) as first_seen_at
    from dated
    where {{ lookout.is_in_streak('as_of', 'cleared_at') }}
    group by violation_key
),

final as (
    select
        newest.*,
        streaks.first_seen_at
    from newest
    inner join streaks on newest.violation_key = streaks.violation_key
)

select * from final
