"""The rows that are too many for models: what providers have around them, and the audit log."""

from typing import Any

# Everything has a number, from 0, in the order of its name.
NUMBERED = """
CREATE TEMPORARY TABLE p AS SELECT id, name, row_number() OVER (ORDER BY lower(name)) - 1 AS n
    FROM providers_workspaceprovider;
CREATE TEMPORARY TABLE o AS SELECT id, row_number() OVER (ORDER BY name) - 1 AS n
    FROM organizations_organization WHERE name <> 'Platform';
CREATE TEMPORARY TABLE u AS SELECT id, email, row_number() OVER (ORDER BY email) - 1 AS n
    FROM organizations_user WHERE email LIKE 'person%%';
ANALYZE p; ANALYZE o; ANALYZE u
"""
# Twenty organizations each, the second provider is open to all of them.
ALLOWLISTS = """
INSERT INTO providers_allowlistentry (provider_id, organization_id, closing, created_at)
SELECT p.id, o.id, false, now() FROM p CROSS JOIN generate_series(0, 19) step
JOIN o ON o.n = (p.n * 7 + step) %% (%(organizations)s - 1)
UNION SELECT p.id, o.id, false, now() FROM p CROSS JOIN o WHERE p.n = 1
UNION SELECT p.id, organization.id, false, now() FROM p CROSS JOIN organizations_organization organization
    WHERE organization.name = 'Platform' AND p.n < %(offered)s
"""
MEMBERSHIPS = """
INSERT INTO organizations_membership (user_id, organization_id, role)
SELECT u.id, o.id, 'organization-member' FROM u JOIN o ON o.n %% 200 = u.n
"""
ENVIRONMENTS = """
INSERT INTO environments_environment (id, name, owner_id, organization_id, provider_id, image, tag, cpu_cores,
    memory_gb, disk_gb, gpus, status, message, status_since, active_at, next_observation_at, revision, created_at)
SELECT gen_random_uuid(), 'environment-' || number, u.id, o.id, p.id, 'codercom/enterprise-base', 'latest', 2, 4, 10, 0,
    (ARRAY['on', 'on', 'off'])[number %% 3 + 1], '', now(), now(), now() + interval '1 day', 1, now()
FROM generate_series(0, %(environments)s - 1) AS series(number) JOIN p ON p.n = number %% %(providers)s
JOIN o ON o.n = (p.n * 7) %% (%(organizations)s - 1) JOIN u ON u.n = number %% 200
"""
TIMELINES = """
INSERT INTO providers_statuschange (provider_id, at, kind, old, new, reason, message, actor_name)
SELECT p.id, now() - number * interval '7 hours', 'status', (ARRAY['ready', 'error'])[number %% 2 + 1],
    (ARRAY['error', 'ready'])[number %% 2 + 1], '', '', ''
FROM p CROSS JOIN generate_series(0, 5) AS series(number)
"""
OPERATIONS = """
INSERT INTO providers_operation (id, provider_id, provider_name, kind, state, requested_by_name, requested_at,
    started_at, finished_at, dispatched_at, attempts, cancel_requested, error_code, error_text, parameters)
SELECT gen_random_uuid(), p.id, p.name, 'deploy', 'succeeded', 'Bench', at, at, at, at, 1, false, '', '', '{}'::jsonb
FROM p CROSS JOIN (SELECT now() - interval '3 days' AS at) moment
UNION ALL SELECT gen_random_uuid(), p.id, p.name, 'deploy', 'queued', 'Bench', now(), NULL, NULL, now(), 0, false, '',
    '', '{}'::jsonb FROM p WHERE p.n %% 50 = 23
"""
CREDENTIALS = """
INSERT INTO providers_clustercredential (provider_id, ca_pem, token, client_certificate_pem, client_key_pem, updated_at)
SELECT p.id, '', '', '', '', now() FROM p
"""
FURNITURE = (NUMBERED, ALLOWLISTS, MEMBERSHIPS, ENVIRONMENTS, TIMELINES, OPERATIONS, CREDENTIALS)

AUDIT_ROWS = """
INSERT INTO audit_auditevent (at, actor_name, address, action, target_type, target_id, target_name, organization_id,
    before, after, outcome)
SELECT now() - (%(count)s - number) * interval '10 seconds', u.email, ('203.0.113.' || number %% 200)::inet,
    (ARRAY['provider.check', 'provider.deploy', 'environment.start', 'environment.stop', 'user.sign_in',
           'organization.update', 'allowlist.change', 'token.create', 'access_url.plan', 'rollout.end']
    )[number %% 10 + 1],
    'workspaceprovider', p.id, p.name, CASE WHEN number %% 2 = 0 THEN '' ELSE o.id::text END,
    '{"status": "ready"}', '{"status": "error"}',
    (ARRAY['succeeded', 'succeeded', 'succeeded', 'requested', 'failed'])[number %% 5 + 1]
FROM generate_series(1, %(count)s) AS series(number)
JOIN u ON u.n = number %% 199
JOIN p ON p.n = number %% (SELECT count(*) FROM p)
JOIN o ON o.n = number %% (SELECT count(*) FROM o)
"""
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'audit_auditevent' AND indexname NOT LIKE '%_pkey'
"""
MEMORY = "SET maintenance_work_mem = '1GB'; SET max_parallel_maintenance_workers = 2"
WORDS = """
INSERT INTO audit_auditword (word) SELECT DISTINCT unnest(string_to_array(upper(words), ' ')) FROM audit_auditevent
"""
KEEPING_WORDS = "ALTER TABLE audit_auditevent {} TRIGGER audit_words_are_kept"


def fill_audit_log(cursor: Any, count: int) -> None:
    """Without its indexes and its trigger, and what they make is made afterwards: that takes a fifth of the time."""
    cursor.execute(INDEXES)
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    cursor.execute(KEEPING_WORDS.format("DISABLE"))
    cursor.execute(AUDIT_ROWS, {"count": count})
    cursor.execute(MEMORY)
    cursor.execute(WORDS)
    cursor.execute(KEEPING_WORDS.format("ENABLE"))
    for _, definition in indexes:
        cursor.execute(definition)
    cursor.execute("ALTER INDEX audit_each_word ALTER COLUMN 1 SET STATISTICS 1000")  # audit/migrations/0008
