-- Until when signed files of a code are good of what is paid: a renewal that one covers is not given back.
ALTER TABLE licences ADD COLUMN file_until BIGINT;
-- The month in which automatic renewal renewed a package because it was used up: it does so once a month.
ALTER TABLE auto_renewals ADD COLUMN used_up_month TEXT NOT NULL DEFAULT '';
