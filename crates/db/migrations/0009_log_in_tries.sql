-- Tries of log-ins and passwords, the same for all nodes: each moves the moment from which the allowance is whole again.

CREATE TABLE log_in_tries (
    login TEXT NOT NULL PRIMARY KEY,
    whole_at BIGINT NOT NULL
) STRICT;
CREATE INDEX log_in_tries_by_time ON log_in_tries (whole_at);
