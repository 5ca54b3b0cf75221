-- What is to be sent is looked through when a node starts and when the books are checked, however much was sent before.
CREATE INDEX deliveries_due ON deliveries (id) WHERE state = 'due';
