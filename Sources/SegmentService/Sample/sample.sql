-- The sample company: Fjord & Bean sells coffee, tea and homeware online and in sixty stores.
--
-- DuckDB generates it from four placeholders: {{customers}} (1000 to 10000000), {{seed}} (an integer),
-- {{today}} (the last day of three years of history) and {{folder}} (where the files go; quotes doubled).
-- Every value is a function of a row number, a tag and the seed, so the same company comes out for any
-- number of threads, and nothing is sorted or held in memory but tables of a few thousand rows.
-- Each statement ends with a semicolon at the end of a line.

-- Random numbers: a whole number below n, and a fraction from 0 to 1.
CREATE TEMP MACRO pick(i, tag, n) AS (hash(i, tag, {{seed}}) % n)::BIGINT;
CREATE TEMP MACRO fraction(i, tag) AS (hash(i, tag, {{seed}}) >> 11)::DOUBLE / 9007199254740992;
CREATE TEMP MACRO chance(i, tag, probability) AS fraction(i, tag) < probability;

-- Customers are numbered by rank (how much they buy) and by key (how early they registered). The step
-- between two ranks is a prime above every number of customers, so each rank has a key of its own.
CREATE TEMP MACRO key_of_rank(rank) AS 1 + (rank * 2654435761 + 1013904223) % {{customers}};
-- The top 1 % of the ranks make 18 % of all activity, the top 10 % make 44 %.
CREATE TEMP MACRO skewed(u, n) AS floor(((u + 0.05) ** 3 - 0.000125) / 1.1575 * n)::BIGINT;
CREATE TEMP MACRO at_time(date, seconds) AS make_timestamp((epoch(date)::BIGINT + seconds::BIGINT) * 1000000);

-- Half of the customers registered in the six years before the history, half of them during it.
CREATE TEMP MACRO registered_on(id) AS
  DATE '{{today}}' - 1096 + CASE WHEN id * 2 <= {{customers}}
    THEN -(2190 - id * 4380 // {{customers}})::INTEGER
    ELSE ((id * 2 - {{customers}}) * 1095 // {{customers}})::INTEGER END;

-- The days of the history, busier from year to year, towards Christmas and at week-ends. Days are cut
-- into 65,536 slots of equal activity, so that row n of m happens on the day of slot n * 65536 / m.
CREATE TEMP TABLE Slot AS
WITH day AS (
  SELECT d AS day, DATE '{{today}}' - 1095 + d::INTEGER AS date,
    (0.7 + 0.6 * d / 1095)
    * [0.80, 0.78, 0.92, 0.95, 0.98, 0.88, 0.72, 0.85, 1.0, 1.05, 1.45, 2.1][month(date)]
    * [0.9, 0.85, 0.9, 0.95, 1.2, 1.45, 1.1][isodow(date)]
    * CASE WHEN d = 1095 THEN 0.25 ELSE 1 END AS weight
  FROM range(1096) r(d)
), edge AS (
  SELECT day, date, (sum(weight) OVER (ORDER BY day) - weight) / sum(weight) OVER () * 65536 AS since
  FROM day
)
SELECT slot, day, date, CASE WHEN day = 1095 THEN 0.25 ELSE 1 END AS part_of_day
FROM range(65536) s(slot) ASOF JOIN edge ON slot + 0.5 >= since;

-- Rows of one kind of activity in the order of time: number, time and the customer who acted.
CREATE TEMP MACRO activity(tag, per_customer) AS TABLE
WITH moment AS (
  SELECT n, day, date,
    at_time(date, part_of_day * CASE WHEN chance(n, tag || ' night', 0.06)
      THEN 86399 * fraction(n, tag || ' hour')
      ELSE 21600 + 64799 * (fraction(n, tag || ' hour') + fraction(n, tag || ' minute')) / 2 END) AS happened,
    key_of_rank(skewed(fraction(n, tag || ' rank'), {{customers}})) AS buyer,
    greatest(1, {{customers}} * (1095 + day) // 2190) AS registered
  FROM range(({{customers}} * per_customer)::BIGINT) r(n)
  JOIN Slot ON slot = n * 65536 // ({{customers}} * per_customer)::BIGINT
)
SELECT n, date, happened,
  CASE WHEN buyer <= registered THEN buyer ELSE 1 + pick(n, tag || ' else', registered) END AS CustomerId
FROM moment;

CREATE TEMP TABLE City AS
WITH place(City, Country, Dial, people) AS (VALUES
  ('Oslo', 'Norway', '+47', 220), ('Bergen', 'Norway', '+47', 95), ('Trondheim', 'Norway', '+47', 70),
  ('Stavanger', 'Norway', '+47', 55), ('Tromsø', 'Norway', '+47', 28), ('Kristiansand', 'Norway', '+47', 30),
  ('Bodø', 'Norway', '+47', 16), ('Ålesund', 'Norway', '+47', 18), ('Hamar', 'Norway', '+47', 12),
  ('Stockholm', 'Sweden', '+46', 75), ('Göteborg', 'Sweden', '+46', 40), ('Malmö', 'Sweden', '+46', 24),
  ('København', 'Denmark', '+45', 60), ('Aarhus', 'Denmark', '+45', 25), ('Odense', 'Denmark', '+45', 12),
  ('Helsinki', 'Finland', '+358', 30), ('Jyväskylä', 'Finland', '+358', 8), ('Reykjavík', 'Iceland', '+354', 12),
  ('Hamburg', 'Germany', '+49', 35), ('Berlin', 'Germany', '+49', 40), ('München', 'Germany', '+49', 22),
  ('Köln', 'Germany', '+49', 15), ('Amsterdam', 'Netherlands', '+31', 24), ('''s-Hertogenbosch', 'Netherlands', '+31', 5),
  ('London', 'United Kingdom', '+44', 40), ('Edinburgh', 'United Kingdom', '+44', 18),
  ('Zürich', 'Switzerland', '+41', 12), ('Wien', 'Austria', '+43', 12), ('Łódź', 'Poland', '+48', 8),
  ('Gdańsk', 'Poland', '+48', 10), ('Oslo ', 'Norway', '+47', 2), ('oslo', 'Norway', '+47', 2),
  ('BERGEN', 'Norway', '+47', 1), ('Zu' || chr(776) || 'rich', 'Switzerland', '+41', 1), ('', 'Norway', '+47', 1)
), edge AS (
  SELECT *, (sum(people) OVER (ORDER BY people DESC, City) - people) / sum(people) OVER () * 4096 AS since
  FROM place
)
SELECT slot, City, Country, Dial FROM range(4096) s(slot) ASOF JOIN edge ON slot + 0.5 >= since;

CREATE TEMP TABLE FirstName AS
SELECT (row_number() OVER () - 1) AS slot, name, CASE WHEN slot < 40 THEN 'female' WHEN slot < 80 THEN 'male' END AS gender
FROM (SELECT unnest([
  'Nora', 'Emma', 'Olivia', 'Ella', 'Ingrid', 'Astrid', 'Sofie', 'Maja', 'Frida', 'Ida', 'Anna', 'Maria', 'Hedda', 'Solveig',
  'Åse', 'Sigrid', 'Kari', 'Anne', 'Liv', 'Berit', 'Freja', 'Elsa', 'Linnéa', 'Alva', 'Wilma', 'Lena', 'Petra', 'Hannah',
  'Charlotte', 'Amelia', 'Isla', 'Grace', 'Aino', 'Helmi', 'Guðrún', 'Zofia', 'Małgorzata', 'Zoë', 'Zoe' || chr(776), 'Renée',
  'Jakob', 'Emil', 'Noah', 'Oliver', 'Lars', 'Ole', 'Kjell', 'Per', 'Håkon', 'Sindre', 'Magnus', 'Erik', 'Øyvind', 'Bjørn',
  'Nils', 'Anders', 'Søren', 'Mads', 'Frederik', 'Axel', 'Hugo', 'Karl', 'Göran', 'Lukas', 'Jürgen', 'Klaus', 'Felix', 'Jan',
  'Pieter', 'George', 'Harry', 'Jack', 'Callum', 'Eino', 'Väinö', 'Jón', 'Piotr', 'Łukasz', 'José', 'Jose' || chr(769),
  'Kim', 'Robin', 'Sam', 'Alex', 'Charlie', 'Mika', 'D''Angelo', '"Speedy" Gonzales', 'Anna Maria', '陽子', 'Ольга', 'Νίκη',
  'Nora ', ' Nora', 'NORA', '', '=1+1', 'O\Neil', '100% Jan', 'Bean ☕']) AS name);

CREATE TEMP TABLE LastName AS
SELECT (row_number() OVER () - 1) AS slot, name
FROM (SELECT unnest([
  'Hansen', 'Johansen', 'Olsen', 'Larsen', 'Andersen', 'Pedersen', 'Nilsen', 'Kristiansen', 'Jensen', 'Karlsen', 'Johnsen',
  'Pettersen', 'Eriksen', 'Berg', 'Haugen', 'Hagen', 'Johannessen', 'Dahl', 'Lund', 'Moen', 'Halvorsen', 'Solberg', 'Strand',
  'Bakke', 'Ødegård', 'Åsen', 'Svensson', 'Gustafsson', 'Lindström', 'Sjöberg', 'Sørensen', 'Rasmussen', 'Møller', 'Korhonen',
  'Mäkinen', 'Jónsdóttir', 'Müller', 'Schmidt', 'Schäfer', 'Weiß', 'de Vries', 'van ''t Hof', 'Smith', 'Taylor', 'O''Brien',
  'MacLeod', 'Huber', 'Kowalski', 'Wójcik', 'Nguyen']) AS name);

CREATE TEMP MACRO preferred_store(id) AS
  CASE WHEN chance(id, 'has store', 0.003) THEN 999 WHEN chance(id, 'store', 0.55) THEN 1 + pick(id, 'which store', 60) END;

-- Stores: a small CSV file, with quotes, commas and empty cells.
COPY (
  SELECT 1 + s AS StoreId,
    CASE WHEN s = 0 THEN 'Fjord & Bean "Flagship", Oslo' ELSE 'Fjord & Bean ' || City || ' ' || (1 + s // 20) END AS Name,
    City, Country,
    ['North', 'South', 'East', 'West'][1 + pick(s, 'region', 4)] AS Region,
    DATE '{{today}}' - 5000 + (s * 80)::INTEGER AS Opened,
    CASE WHEN s % 11 <> 7 THEN 60 + pick(s, 'size', 400) END AS SquareMetres,
    chance(s, 'bar', 0.4) AS HasCoffeeBar
  FROM range(60) r(s)
  JOIN (SELECT (row_number() OVER (ORDER BY slots DESC, City) - 1) AS place, City, Country
        FROM (SELECT City, Country, count(*) AS slots FROM City GROUP BY ALL) ORDER BY slots DESC, City LIMIT 20) ON place = s % 20
  ORDER BY StoreId
) TO '{{folder}}/Store.csv' (FORMAT csv, HEADER);

-- Products: 42 kinds by 9 brands. Consumables sell far more often than machines.
CREATE TEMP TABLE Product AS
WITH kind(Category, Subcategory, name, price, sold) AS (VALUES
  ('Coffee', 'Beans', 'Espresso Beans', 14, 60), ('Coffee', 'Beans', 'Filter Beans', 13, 60), ('Coffee', 'Beans', 'Single Origin Beans', 19, 35),
  ('Coffee', 'Beans', 'Decaf Beans', 15, 12), ('Coffee', 'Ground', 'Ground Coffee', 11, 50), ('Coffee', 'Capsules', 'Coffee Capsules', 9, 55),
  ('Coffee', 'Cold', 'Cold Brew', 7, 18), ('Tea', 'Green', 'Sencha', 12, 14), ('Tea', 'Green', 'Matcha', 28, 9), ('Tea', 'Black', 'Earl Grey', 9, 18),
  ('Tea', 'Black', 'Darjeeling', 14, 8), ('Tea', 'Herbal', 'Chamomile', 8, 10), ('Tea', 'Herbal', 'Rooibos', 8, 9),
  ('Mugs', 'Stoneware', 'Stoneware Mug', 18, 20), ('Mugs', 'Glass', 'Double-wall Glass', 16, 12), ('Mugs', 'Travel', 'Travel Mug', 29, 14),
  ('Mugs', 'Porcelain', 'Porcelain Cup', 22, 8), ('Machines', 'Espresso', 'Espresso Machine', 540, 3), ('Machines', 'Espresso', 'Bean-to-cup Machine', 890, 2),
  ('Machines', 'Filter', 'Drip Brewer', 180, 4), ('Machines', 'Capsule', 'Capsule Machine', 129, 5), ('Grinders', 'Electric', 'Burr Grinder', 149, 4),
  ('Grinders', 'Manual', 'Hand Grinder', 59, 4), ('Brewing', 'Pour-over', 'Dripper', 24, 9), ('Brewing', 'Pour-over', 'Paper Filters', 5, 30),
  ('Brewing', 'Press', 'French Press', 34, 7), ('Brewing', 'Press', 'Travel Press', 37, 4), ('Brewing', 'Kettles', 'Gooseneck Kettle', 79, 4),
  ('Brewing', 'Scales', 'Coffee Scale', 45, 4), ('Brewing', 'Care', 'Descaler', 9, 14), ('Kitchen', 'Boards', 'Oak Board', 48, 5),
  ('Kitchen', 'Knives', 'Bread Knife', 65, 3), ('Kitchen', 'Jars', 'Storage Jar', 17, 10), ('Kitchen', 'Bowls', 'Serving Bowl', 39, 6),
  ('Textiles', 'Towels', 'Tea Towel', 12, 9), ('Textiles', 'Table', 'Linen Tablecloth', 85, 3), ('Textiles', 'Throws', 'Wool Throw', 119, 3),
  ('Home', 'Candles', 'Scented Candle', 21, 11), ('Home', 'Vases', 'Stoneware Vase', 55, 4), ('Home', 'Lighting', 'Table Lamp', 139, 2),
  ('Gifts', 'Sets', 'Tasting Set', 49, 9), ('Gifts', 'Cards', 'Gift Card', 50, 8)
), numbered AS (
  SELECT *, row_number() OVER () - 1 AS k FROM kind
)
SELECT 1 + k * 9 + b AS ProductId,
  brand || ' ' || name || CASE WHEN chance(ProductId, 'odd', 0.03) THEN ' – 12" "Limited"' ELSE '' END AS Name,
  Category, Subcategory, CASE WHEN NOT chance(ProductId, 'no brand', 0.04) THEN brand END AS Brand,
  (price * (0.75 + 0.08 * b) * (0.9 + 0.2 * fraction(ProductId, 'price')))::DECIMAL(10, 2) AS Price,
  chance(ProductId, 'organic', 0.3) AS Organic, DATE '{{today}}' - (30 + pick(ProductId, 'launched', 2400))::INTEGER AS Launched,
  sold / (1.0 + b) AS sold
FROM numbered, (SELECT unnest(range(9)) AS b,
  unnest(['Fjord & Bean', 'Nordlys', 'Kaffebrenner', 'Hygge Hus', 'Møllen', 'Svart Gull', 'Café d''Or', 'Bruket', 'Atelier Ås']) AS brand)
ORDER BY ProductId;

COPY (SELECT * EXCLUDE (sold) FROM Product ORDER BY ProductId) TO '{{folder}}/Product.ndjson' (FORMAT json);

CREATE TEMP TABLE ProductSlot AS
WITH edge AS (
  SELECT ProductId, Price, (sum(sold) OVER (ORDER BY ProductId) - sold) / sum(sold) OVER () * 16384 AS since
  FROM Product
)
SELECT slot, ProductId, Price FROM range(16384) s(slot) ASOF JOIN edge ON slot + 0.5 >= since;

COPY (
  SELECT id AS CustomerId,
    f.name AS FirstName,
    CASE WHEN NOT chance(id, 'no last name', 0.01) THEN l.name END AS LastName,
    CASE WHEN chance(id, 'blank mail', 0.005) THEN ''
         WHEN NOT chance(id, 'no mail', 0.03) THEN lower(l.name[1:1]) || '.' || (id - CASE WHEN chance(id, 'shared mail', 0.01) THEN 1 ELSE 0 END)
           || '@' || ['mail.example', 'post.example', 'firma.example', 'uni.example'][1 + pick(id, 'host', 4)] END AS Email,
    CASE WHEN chance(id, 'phone', 0.7) THEN Dial || ' ' || (40000000 + pick(id, 'number', 59999999)) END AS Phone,
    CASE WHEN NOT chance(id, 'no birth date', 0.09)
      THEN DATE '{{today}}' - (6600 + 26000 * (fraction(id, 'age') + fraction(id, 'more age')) / 2)::INTEGER END AS BirthDate,
    CASE WHEN chance(id, 'no gender', 0.06) THEN NULL WHEN chance(id, 'other gender', 0.01) THEN 'other' ELSE coalesce(gender, 'other') END AS Gender,
    CASE WHEN NOT chance(id, 'no city', 0.015) THEN City END AS City,
    CASE WHEN NOT chance(id, 'no country', 0.005) THEN Country END AS Country,
    lpad(pick(id, 'postal code', 9990)::VARCHAR, 4, '0') AS PostalCode,
    CASE WHEN NOT chance(id, 'no registration', 0.005) THEN at_time(registered_on(id), pick(id, 'registered', 86400)) END AS RegisteredAt,
    CASE WHEN NOT chance(id, 'no consent', 0.02) THEN chance(id, 'consent', 0.58) END AS NewsletterConsent,
    CASE WHEN chance(id, 'income', 0.8) THEN (15000 + exp(9.0 + 1.6 * (fraction(id, 'income 1') + fraction(id, 'income 2'))))::DECIMAL(12, 2) END AS Income,
    preferred_store(id) AS PreferredStoreId,
    CASE WHEN chance(id, 'dangling referrer', 0.002) THEN {{customers}} + id
         WHEN chance(id, 'referred', 0.2) AND id > 1 THEN 1 + pick(id, 'referrer', id - 1) END AS ReferrerId
  FROM (SELECT 1 + n AS id FROM range({{customers}}) r(n))
  JOIN City c ON c.slot = pick(id, 'city', 4096)
  JOIN FirstName f ON f.slot = CASE WHEN chance(id, 'odd name', 0.004) THEN 80 + pick(id, 'first name', 20) ELSE pick(id, 'first name', 84) END
  JOIN LastName l ON l.slot = pick(id, 'last name', 50)
) TO '{{folder}}/Customer.parquet' (FORMAT parquet, COMPRESSION zstd);

-- Loyalty: nine of twenty customers, spread over all ranks; the member number is theirs alone.
CREATE TEMP MACRO member_key(m) AS 'FB-' || lpad((m + 1)::VARCHAR, 8, '0');
CREATE TEMP MACRO member_customer(m) AS key_of_rank(2 * m + pick(m, 'member', 2));
COPY (
  SELECT member_key(m) AS MemberId, id AS CustomerId,
    CASE WHEN chance(m, 'tier', 0.02) THEN NULL WHEN spent < 0.03 THEN 'Platinum' WHEN spent < 0.12 THEN 'Gold' WHEN spent < 0.4 THEN 'Silver' ELSE 'Bronze' END AS Tier,
    CASE WHEN NOT chance(m, 'points', 0.03) THEN (40 / (spent + 0.02) * (0.4 + fraction(m, 'balance')))::INTEGER END AS Points,
    CASE WHEN NOT chance(m, 'joined', 0.01)
      THEN least(registered_on(id) + pick(m, 'waited', 400)::INTEGER, DATE '{{today}}') END AS Joined
  FROM (SELECT m, member_customer(m) AS id, (m / ({{customers}} * 0.45) + 0.35 * fraction(m, 'luck') ** 2)::DOUBLE AS spent
        FROM range(({{customers}} * 0.45)::BIGINT) r(m))
) TO '{{folder}}/Loyalty.parquet' (FORMAT parquet, COMPRESSION zstd);

COPY (
  SELECT 1 + n AS OrderId,
    CASE WHEN chance(n, 'guest', 0.03) THEN NULL WHEN chance(n, 'lost customer', 0.002) THEN {{customers}} + CustomerId ELSE CustomerId END AS CustomerId,
    happened AS OrderedAt,
    CASE WHEN NOT chance(n, 'no promise', 0.05) THEN date + (3 + pick(n, 'promise', 5))::INTEGER END AS PromisedDate,
    CASE WHEN Status IN ('shipped', 'returned') AND NOT chance(n, 'no shipping time', 0.02)
      THEN happened + to_seconds((14400 + 500000 * fraction(n, 'shipping') ** 2)::BIGINT) END AS ShippedAt,
    Status,
    CASE WHEN chance(n, 'no channel', 0.02) THEN NULL WHEN chance(n, 'app', 0.42) THEN 'app' ELSE 'web' END AS Channel,
    CASE WHEN chance(n, 'coupon', 0.14) THEN ['WELCOME10', 'SUMMER20', 'XMAS_15', '100%BEAN', 'friend'][1 + pick(n, 'which coupon', 5)]
         WHEN chance(n, 'blank coupon', 0.01) THEN '' END AS Coupon,
    (4.9 * pick(n, 'shipping fee', 4))::DECIMAL(8, 2) AS ShippingFee
  FROM (SELECT *, CASE WHEN happened >= DATE '{{today}}' - 3 THEN 'open' WHEN chance(n, 'cancelled', 0.03) THEN 'cancelled'
                       WHEN chance(n, 'returned', 0.04) THEN 'returned' ELSE 'shipped' END AS Status
        FROM activity('order', 1.6))
) TO '{{folder}}/OnlineOrder.parquet' (FORMAT parquet, COMPRESSION zstd);

-- One to five lines an order, 1.7 on average.
COPY (
  SELECT CASE WHEN chance(line, 'lost order', 0.0005) THEN -line ELSE 1 + n END AS OrderId, LineNumber,
    CASE WHEN chance(line, 'no product', 0.003) THEN NULL WHEN chance(line, 'lost product', 0.002) THEN 9000 ELSE ProductId END AS ProductId,
    CASE WHEN chance(line, 'return', 0.02) THEN -1 ELSE 1 + floor(3.2 * fraction(line, 'quantity') ** 3)::INTEGER END AS Quantity,
    CASE WHEN NOT chance(line, 'no price', 0.001) THEN Price END AS UnitPrice,
    CASE WHEN chance(line, 'discount', 0.25) THEN ((1 + pick(line, 'how much', 8)) * 0.05)::DECIMAL(4, 2) ELSE 0.00::DECIMAL(4, 2) END AS Discount
  FROM (SELECT n, unnest(range(1, 2 + floor(4.999 * fraction(n, 'lines') ** 4)::BIGINT)) AS LineNumber, n * 8 + LineNumber AS line
        FROM range(({{customers}} * 1.6)::BIGINT) r(n))
  JOIN ProductSlot ON slot = pick(line, 'product', 16384)
) TO '{{folder}}/OnlineOrderLine.parquet' (FORMAT parquet, COMPRESSION zstd);

COPY (
  SELECT 1 + n AS PurchaseId,
    CASE WHEN chance(n, 'anonymous', 0.08) THEN NULL ELSE CustomerId END AS CustomerId,
    CASE WHEN chance(n, 'usual store', 0.6) THEN coalesce(preferred_store(CustomerId), 1) ELSE 1 + pick(n, 'any store', 60) END AS StoreId,
    ProductId, happened AS PurchasedAt, Quantity, (Price * Quantity)::DECIMAL(12, 2) AS Amount,
    CASE WHEN NOT chance(n, 'payment', 0.02) THEN ['card', 'phone', 'cash', 'gift card'][1 + floor(4 * fraction(n, 'how paid') ** 2.5)::INTEGER] END AS Payment
  FROM (SELECT *, CASE WHEN chance(n, 'brought back', 0.025) THEN -1 ELSE 1 + floor(2.6 * fraction(n, 'store quantity') ** 3)::INTEGER END AS Quantity
        FROM activity('store', 1.5))
  JOIN ProductSlot ON slot = pick(n, 'store product', 16384)
) TO '{{folder}}/StorePurchase.parquet' (FORMAT parquet, COMPRESSION zstd);

-- A call follows every eighth order, three of five name it.
COPY (
  SELECT 1 + n // 8 AS CallId,
    CASE WHEN NOT chance(n, 'unknown caller', 0.02) THEN CustomerId END AS CustomerId,
    CASE WHEN chance(n, 'about order', 0.6) THEN 1 + n END AS OrderId,
    ['delivery', 'broken', 'wrong item', 'refund', 'machine trouble', 'loyalty', 'other', 'praise'][1 + floor(8 * fraction(n, 'reason') ** 1.5)::INTEGER] AS Reason,
    opened AS OpenedAt,
    CASE WHEN closed < DATE '{{today}}' AND NOT chance(n, 'never closed', 0.02) THEN closed END AS ClosedAt,
    CASE WHEN NOT chance(n, 'unknown escalation', 0.02) THEN chance(n, 'escalated', 0.25) END AS Escalated,
    CASE WHEN chance(n, 'rated', 0.45) THEN 5 - floor(5 * fraction(n, 'rating') ** 1.6)::INTEGER END AS Satisfaction,
    CASE WHEN NOT chance(n, 'no waiting time', 0.05) THEN round(-6 * ln(1 - fraction(n, 'waited')), 3) END AS WaitMinutes
  FROM (SELECT n, CustomerId, least(happened + to_seconds(3600 + (1800000 * fraction(n, 'call after') ** 2)::BIGINT), at_time(DATE '{{today}}', pick(n, 'late call', 20000))) AS opened,
          opened + to_seconds(600 + (900000 * fraction(n, 'solved after') ** 4)::BIGINT) AS closed
        FROM activity('order', 1.6) WHERE n % 8 = 0)
) TO '{{folder}}/ServiceCall.parquet' (FORMAT parquet, COMPRESSION zstd);

COPY (
  SELECT 1 + n AS InteractionId, CASE WHEN chance(n, 'lost recipient', 0.001) THEN {{customers}} * 2 + CustomerId ELSE CustomerId END AS CustomerId,
    ['Weekly Roast', 'Weekly Roast', 'New Arrivals', 'Machine Care', 'Brew Guide', 'Birthday Treat', 'We miss you ♥'][1 + pick(n, 'campaign', 7)]
      || CASE WHEN month(happened) IN (11, 12) AND chance(n, 'christmas', 0.4) THEN ' – Christmas' ELSE '' END AS Campaign,
    CASE WHEN chance(n, 'kind', 0.68) THEN 'sent' WHEN chance(n, 'clicked', 0.22) THEN 'clicked' WHEN chance(n, 'unsubscribed', 0.02) THEN 'unsubscribed' ELSE 'opened' END AS Kind,
    happened AS HappenedAt,
    CASE WHEN NOT chance(n, 'device', 0.15) THEN ['phone', 'desktop', 'tablet'][1 + floor(3 * fraction(n, 'which device') ** 2)::INTEGER] END AS Device
  FROM activity('mail', 3)
) TO '{{folder}}/EmailInteraction.parquet' (FORMAT parquet, COMPRESSION zstd);

-- Rewards go to loyalty members, by the same skew; points are also spent.
COPY (
  SELECT 1 + n AS EventId, CASE WHEN chance(n, 'no member', 0.005) THEN NULL ELSE member_key(skewed(fraction(n, 'who'), ({{customers}} * 0.45)::BIGINT)) END AS MemberId,
    CASE WHEN chance(n, 'spent', 0.15) THEN -50 * (1 + pick(n, 'how many', 6)) ELSE 5 * (1 + floor(30 * fraction(n, 'earned') ** 3)::INTEGER) END AS Points,
    CASE WHEN Points < 0 THEN 'redeemed' WHEN chance(n, 'bonus', 0.12) THEN 'campaign' ELSE 'purchase' END AS Source,
    happened AS HappenedAt
  FROM activity('reward', 1)
) TO '{{folder}}/RewardEvent.parquet' (FORMAT parquet, COMPRESSION zstd);
