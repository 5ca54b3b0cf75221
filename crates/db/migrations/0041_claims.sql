-- A claim says itself which jobs it took. Without an index on the lease PostgreSQL writes a claimed job in place.
DROP INDEX jobs_by_owner;
