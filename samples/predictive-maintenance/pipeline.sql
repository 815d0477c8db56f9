-- One row a flight cycle. The first model takes the operating regime out of the sensors: what is left is wear.
CREATE VIEW health AS
SELECT
  device, ts,
  (z_t24 + z_t30 + z_t50 + z_ps30 + z_htbleed) / 5 AS hot,
  (z_nf + z_nrf) / 2 AS speed,
  (z_p30 + z_phi) / 2 AS press,
  (z_w31 + z_w32) / 2 AS cool,
  (z_nc + z_nrc) / 2 AS core,
  (z_t24 + z_t30 + z_t50 + z_ps30 + z_htbleed - z_p30 - z_phi - z_w31 - z_w32 + z_bpr) / 10 AS wear,
  COUNT(*) OVER life AS age
FROM ML_PREDICT(TABLE engine, MODEL regimes, DESCRIPTOR(
  setting1, setting2, setting3, t2, t24, t30, t50, p2, p15, p30, nf, nc, epr, ps30, phi, nrf, nrc, bpr, farb,
  htbleed, nf_dmd, pcnfr_dmd, w31, w32))
WINDOW life AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 999 PRECEDING AND CURRENT ROW);

-- Level and trend of each group of sensors, over windows from days to most of a life.
CREATE VIEW features AS
SELECT
  device, ts, AVG(hot) OVER w5 AS hot_5, AVG(speed) OVER w5 AS speed_5, AVG(press) OVER w5 AS press_5,
  AVG(cool) OVER w5 AS cool_5, AVG(core) OVER w5 AS core_5, AVG(wear) OVER w5 AS wear_5, AVG(hot) OVER w10 AS hot_10,
  AVG(speed) OVER w10 AS speed_10, AVG(press) OVER w10 AS press_10, AVG(cool) OVER w10 AS cool_10,
  AVG(core) OVER w10 AS core_10, AVG(wear) OVER w10 AS wear_10, AVG(hot) OVER w20 AS hot_20,
  AVG(speed) OVER w20 AS speed_20, AVG(press) OVER w20 AS press_20, AVG(cool) OVER w20 AS cool_20,
  AVG(core) OVER w20 AS core_20, AVG(wear) OVER w20 AS wear_20, AVG(hot) OVER w50 AS hot_50,
  AVG(speed) OVER w50 AS speed_50, AVG(press) OVER w50 AS press_50, AVG(cool) OVER w50 AS cool_50,
  AVG(core) OVER w50 AS core_50, AVG(wear) OVER w50 AS wear_50, AVG(hot) OVER w100 AS hot_100,
  AVG(speed) OVER w100 AS speed_100, AVG(press) OVER w100 AS press_100, AVG(cool) OVER w100 AS cool_100,
  AVG(core) OVER w100 AS core_100, AVG(wear) OVER w100 AS wear_100, AVG(hot) OVER w200 AS hot_200,
  AVG(speed) OVER w200 AS speed_200, AVG(press) OVER w200 AS press_200, AVG(cool) OVER w200 AS cool_200,
  AVG(core) OVER w200 AS core_200, AVG(wear) OVER w200 AS wear_200, REGR_SLOPE(hot, age) OVER w50 AS hot_slope_50,
  REGR_SLOPE(speed, age) OVER w50 AS speed_slope_50, REGR_SLOPE(press, age) OVER w50 AS press_slope_50,
  REGR_SLOPE(cool, age) OVER w50 AS cool_slope_50, REGR_SLOPE(core, age) OVER w50 AS core_slope_50,
  REGR_SLOPE(wear, age) OVER w50 AS wear_slope_50, REGR_SLOPE(hot, age) OVER w100 AS hot_slope_100,
  REGR_SLOPE(speed, age) OVER w100 AS speed_slope_100, REGR_SLOPE(press, age) OVER w100 AS press_slope_100,
  REGR_SLOPE(cool, age) OVER w100 AS cool_slope_100, REGR_SLOPE(core, age) OVER w100 AS core_slope_100,
  REGR_SLOPE(wear, age) OVER w100 AS wear_slope_100, REGR_SLOPE(hot, age) OVER w200 AS hot_slope_200,
  REGR_SLOPE(speed, age) OVER w200 AS speed_slope_200, REGR_SLOPE(press, age) OVER w200 AS press_slope_200,
  REGR_SLOPE(cool, age) OVER w200 AS cool_slope_200, REGR_SLOPE(core, age) OVER w200 AS core_slope_200,
  REGR_SLOPE(wear, age) OVER w200 AS wear_slope_200, age
FROM health
WINDOW
  w5 AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 4 PRECEDING AND CURRENT ROW),
  w10 AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 9 PRECEDING AND CURRENT ROW),
  w20 AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 19 PRECEDING AND CURRENT ROW),
  w50 AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 49 PRECEDING AND CURRENT ROW),
  w100 AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 99 PRECEDING AND CURRENT ROW),
  w200 AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 199 PRECEDING AND CURRENT ROW);

INSERT INTO alerts
SELECT device, ts, 'wear' AS kind, rul AS score
FROM ML_PREDICT(TABLE features, MODEL rul, DESCRIPTOR(
  hot_5, speed_5, press_5, cool_5, core_5, wear_5, hot_10, speed_10, press_10, cool_10, core_10, wear_10, hot_20,
  speed_20, press_20, cool_20, core_20, wear_20, hot_50, speed_50, press_50, cool_50, core_50, wear_50, hot_100,
  speed_100, press_100, cool_100, core_100, wear_100, hot_200, speed_200, press_200, cool_200, core_200, wear_200,
  hot_slope_50, speed_slope_50, press_slope_50, cool_slope_50, core_slope_50, wear_slope_50, hot_slope_100,
  speed_slope_100, press_slope_100, cool_slope_100, core_slope_100, wear_slope_100, hot_slope_200, speed_slope_200,
  press_slope_200, cool_slope_200, core_slope_200, wear_slope_200, age))
WHERE rul < ${alarm_below};
