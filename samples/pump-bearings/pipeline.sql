-- One row an hour. Wear shows in vibration and friction heat; both also follow the load, which therefore goes along.
CREATE VIEW health AS
SELECT
  device, ts,
  vibration AS vib,
  crest AS impact,
  bearing_temp - ambient AS heat,
  power AS draw,
  load AS duty,
  COUNT(*) OVER life AS age
FROM pump
WINDOW life AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 999 PRECEDING AND CURRENT ROW);

CREATE VIEW features AS
SELECT
  device, ts, AVG(vib) OVER w6 AS vib_6, AVG(impact) OVER w6 AS impact_6, AVG(heat) OVER w6 AS heat_6,
  AVG(draw) OVER w6 AS draw_6, AVG(duty) OVER w6 AS duty_6, AVG(vib) OVER w24 AS vib_24,
  AVG(impact) OVER w24 AS impact_24, AVG(heat) OVER w24 AS heat_24, AVG(draw) OVER w24 AS draw_24,
  AVG(duty) OVER w24 AS duty_24, AVG(vib) OVER w72 AS vib_72, AVG(impact) OVER w72 AS impact_72,
  AVG(heat) OVER w72 AS heat_72, AVG(draw) OVER w72 AS draw_72, AVG(duty) OVER w72 AS duty_72,
  REGR_SLOPE(vib, age) OVER w24 AS vib_slope_24, REGR_SLOPE(impact, age) OVER w24 AS impact_slope_24,
  REGR_SLOPE(heat, age) OVER w24 AS heat_slope_24, REGR_SLOPE(draw, age) OVER w24 AS draw_slope_24,
  REGR_SLOPE(duty, age) OVER w24 AS duty_slope_24, REGR_SLOPE(vib, age) OVER w72 AS vib_slope_72,
  REGR_SLOPE(impact, age) OVER w72 AS impact_slope_72, REGR_SLOPE(heat, age) OVER w72 AS heat_slope_72,
  REGR_SLOPE(draw, age) OVER w72 AS draw_slope_72, REGR_SLOPE(duty, age) OVER w72 AS duty_slope_72, age
FROM health
WINDOW
  w6 AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 5 PRECEDING AND CURRENT ROW),
  w24 AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 23 PRECEDING AND CURRENT ROW),
  w72 AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 71 PRECEDING AND CURRENT ROW);

INSERT INTO alerts
SELECT device, ts, 'bearing-wear' AS kind, rul AS score
FROM ML_PREDICT(TABLE features, MODEL rul, DESCRIPTOR(
  vib_6, impact_6, heat_6, draw_6, duty_6, vib_24, impact_24, heat_24, draw_24, duty_24, vib_72, impact_72, heat_72,
  draw_72, duty_72, vib_slope_24, impact_slope_24, heat_slope_24, draw_slope_24, duty_slope_24, vib_slope_72,
  impact_slope_72, heat_slope_72, draw_slope_72, duty_slope_72, age))
WHERE rul < ${alarm_below};
