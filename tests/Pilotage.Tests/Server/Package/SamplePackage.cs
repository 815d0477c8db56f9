using System.Text;

namespace Pilotage.Tests.Server.Package;

/// <summary>A small sound package; tests break one thing at a time.</summary>
internal static class SamplePackage
{
    public static Dictionary<string, string> Texts() => new(StringComparer.Ordinal)
    {
        ["usecase.yaml"] = """
            format: pilotage.usecase/1
            name: pump-bearings
            version: 1.2.0
            thing: pump
            roles: [sponsor, ot_lead, maintenance]
            outcome:
              kpi: unplanned_downtime
              unit: h
              per: 1000 h running
              from: SELECT ts, device, hours FROM stop WHERE NOT planned
              target: -30%
              baseline: {window: P180D, method: interrupted_time_series}
              compare_with: [fixed_interval, run_to_failure]
              work: {lead: PT10H, unplanned: PT10H, planned: PT2H}
            alarm:
              parameter: alarm_below
              model: bearing_rul
              minimise: expected_downtime
            money:
              benefit: avoided_hours * ${price.downtime_hour}
              cost: {once: 18000, monthly: 900}
            gates:
              production:
                needs: [shadow.days >= 7, outcome.ci_excludes_zero]
                approve: [sponsor, maintenance]
              pilot:
                needs: [readiness >= 80, baseline.frozen]
                approve: [sponsor, ot_lead]
            """,
        ["models/bearing_rul.yaml"] = """
            name: bearing_rul
            recipe: {kind: gbt_regression, seed: 42, clip: 90, learning_rate: 0.05}
            inputs: {vib_rms: mm/s, temp_rise: K, load: "%"}
            outputs: {rul_days: d}
            label: {from: verdicts, cause: bearing, horizon: P7D}
            split: {by: device, order: time, fit: 80%}
            must: {rmse: "<= 9", worst_site_rmse: "<= 14"}
            golden: {rows: 32, tolerance: 1e-4}
            missing: native
            retrain: {when: [concept_drift], promote: ask}
            """,
        ["models/regimes.yaml"] = """
            name: regimes
            recipe: {kind: regime_normaliser, seed: 42, settings: [load], regimes_max: 6}
            inputs: {load: "%", vibration: mm/s}
            outputs: {z_vibration: "1"}
            """,
        ["rollout.yaml"] = """
            shadow: P7D
            waves: [2, 10%, 50%, rest]
            window: ${maintenance_window}
            guards:
              p99_latency_ms: {max: 20}
              alert_rate: {against: control, margin: 20%}
              golden: {match: all}
            bake: PT30M
            silence: {fail_after: PT2H}
            on_halt: rollback
            """,
        ["pipeline.sql"] = """
            CREATE VIEW features AS
            SELECT device, ts, load, RMS(vibration) OVER w AS vib_rms, AVG(bearing_temp - ambient) OVER w AS temp_rise
            FROM pump WINDOW w AS (PARTITION BY device ORDER BY ts RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW);
            INSERT INTO alerts
            SELECT device, ts, 'bearing-wear' AS kind, rul_days AS score
            FROM ML_PREDICT(TABLE features, MODEL bearing_rul, DESCRIPTOR(vib_rms, temp_rise, load)) WHERE rul_days < ${alarm_below};
            """,
        ["things/pump.td.json"] = """
            {
              "@context": "https://www.w3.org/2022/wot/td/v1.1",
              "title": "pump",
              "properties": {
                "load": {"type": "number", "unit": "%"},
                "vibration": {"title": "Vibration", "type": "number", "unit": "mm/s"},
                "bearing_temp": {"type": "number", "unit": "Cel"},
                "ambient": {"type": "number", "unit": "Cel"}
              },
              "events": {
                "stop": {"data": {"type": "object", "properties": {
                  "planned": {"type": "boolean"}, "cause": {"type": "string"}, "hours": {"type": "number"}}}}
              }
            }
            """,
        ["site.yaml"] = """
            bind: {pump: "acme/lyon/*/pump-*"}
            roles: {sponsor: j.martin, maintenance: group:crew-a}
            price:
              currency: EUR
              downtime_hour: {value: 4200, source: "Finance 2026-03", owner: j.martin}
            evidence: simulated
            origin: a built-in plant
            maintenance_window: "Sun 02:00-06:00"
            override: {shadow: PT0S, bake: PT3S, silence: PT20S}
            """,
    };

    public static Dictionary<string, ReadOnlyMemory<byte>> Bytes(Dictionary<string, string> texts) =>
        texts.ToDictionary(t => t.Key, t => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(t.Value), StringComparer.Ordinal);
}
