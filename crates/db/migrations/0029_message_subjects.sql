-- What the page that a message leads to is about: the number of an order, the id of a case, an instance, a call.
ALTER TABLE messages ADD COLUMN subject TEXT;
