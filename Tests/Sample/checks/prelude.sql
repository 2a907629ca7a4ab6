-- The as-of instant, its local day, and the way between UTC and the local clock of the workspace.
CREATE MACRO as_of() AS TIMESTAMP '$as_of';
CREATE MACRO local(instant) AS timezone('Europe/Oslo', timezone('UTC', instant::TIMESTAMP));
CREATE MACRO instant(clock) AS timezone('UTC', timezone('Europe/Oslo', clock::TIMESTAMP));
CREATE MACRO as_of_day() AS local(as_of())::DATE;
CREATE MACRO ago(duration) AS instant(local(as_of()) - duration);
CREATE MACRO within_last(t, duration) AS t > ago(duration) AND t <= as_of();
-- The random split's number: the first 15 hexadecimal digits of md5(salt, 0x00, key).
CREATE MACRO split_number(salt, key) AS ('0x' || md5(encode(salt) || '\x00'::BLOB || encode(key::VARCHAR))[1:15])::BIGINT;
-- What the sample's workspace calculates.
CREATE MACRO revenue(line) AS line.UnitPrice * line.Quantity * (1 - line.Discount);
