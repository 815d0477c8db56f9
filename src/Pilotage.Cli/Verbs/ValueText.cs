using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary>The value statement for a person: the claim first, then what it rests on.</summary>
internal static class ValueText
{
    public static void Write(TextWriter output, JsonObject value, bool explain)
    {
        Line(output, "claim", value, "claim");
        Line(output, "evidence", value, "evidenceClass");
        Line(output, "total downtime against the best fixed interval, %", value, "totalVsBestFixedPct");
        Line(output, "95 % interval", value, "ci95");
        Line(output, "share of the ceiling, %", value, "shareOfCeilingPct");
        Line(output, "against the best single sensor, %", value, "vsBestSensorPct");
        Line(output, "95 % interval of that", value, "vsBestSensorCi95");
        Line(output, "unplanned against run-to-failure, %", value, "unplannedVsRunToFailurePct");
        output.WriteLine($"{"failures",-50} {Column.Text(value["failures"])} of {Column.Text(value["units"])}");
        Line(output, "exact 95 % bound of failures, %", value, "failuresBoundPct");
        Line(output, "with one more failure, %", value, "withOneMoreFailurePct");
        output.WriteLine($"{"net",-50} {Column.Text(value["net"])} {Column.Text(value["currency"])}");
        if (!explain)
        {
            return;
        }

        Line(output, "formula", value, "formula");
        foreach (var (policy, hours) in value["baselines"]?["hoursPer1000"] as JsonObject ?? [])
        {
            output.WriteLine($"  hours of downtime per 1,000 cycles, {policy}: {Column.Text(hours)}");
        }

        output.WriteLine($"  against the interval chosen with hindsight: {Column.Text(value["baselines"]?["vsHindsightPct"])} %");
        foreach (var assumption in ResultWriter.Rows(value["assumptions"]))
        {
            output.WriteLine($"  {Column.Text(assumption?["name"])} = {Column.Text(assumption?["value"])} {Column.Text(assumption?["unit"])}"
                + $"   source: {Column.Text(assumption?["source"])}; owner: {Column.Text(assumption?["owner"])}");
        }

        foreach (var limit in ResultWriter.Rows(value["notShown"]))
        {
            output.WriteLine($"  not shown: {Column.Text(limit)}");
        }
    }

    private static void Line(TextWriter output, string label, JsonObject value, string field)
    {
        if (value[field] is { } found)
        {
            output.WriteLine($"{label,-50} {Column.Text(found)}");
        }
    }
}
