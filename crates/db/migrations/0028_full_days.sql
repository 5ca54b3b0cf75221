-- Licences of which no more clients are told apart on a day: what a program names is not kept without end.
CREATE INDEX licence_days_full ON licence_days (day) WHERE clients >= 10000;
