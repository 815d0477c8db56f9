using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary>One rollout for a person: where it stands and why, its waves, its guards, and each device with what is known of it.</summary>
internal static class RolloutText
{
    /// <summary>More devices than this are for <c>-o wide</c>.</summary>
    private const int DevicesShown = 50;

    private static readonly Column[] Waves = [new("WAVE", "wave"), new("DEVICES", "devices"), new("CONFIRMED", "confirmed"), new("FAILED", "failed")];

    private static readonly Column[] Guards = [new("GUARD", "guard"), new("RESULT", "result"), new("WHY", "why")];

    private static readonly Column[] Devices =
    [
        new("DEVICE", "device"), new("EDGE", "edge"), new("WAVE", "wave"), new("PHASE", "phase"), new("FAILED", "failed"), new("EVIDENCE", "cause"), new("EXPECTED NEXT", "expected"),
    ];

    private static readonly Column[] Timeline = [new("AT", "at"), new("DEVICE", "device"), new("WHAT", "what"), new("CAUSE", "cause")];

    private static readonly (string Label, string Path)[] Lines =
    [
        ("rollout", "id"), ("release", "release"), ("in place of", "incumbent"), ("use case", "useCase"), ("note", "note"), ("status", "status"), ("cause", "cause"), ("halted by", "haltedBy"),
        ("started", "startedAt"), ("ended", "endedAt"), ("waves passed", "wavesPassed"),
    ];

    public static void Write(TextWriter output, ResultWriter writer, JsonNode? rollout)
    {
        foreach (var (label, path) in Lines)
        {
            if (Column.Find(rollout, path) is { } found)
            {
                output.WriteLine($"{label,-13} {Column.Text(found).ReplaceLineEndings(" ")}");
            }
        }

        if (rollout?["counts"] is JsonObject counts)
        {
            output.WriteLine($"{"devices",-13} {Count("targets", "in all")}, {Count("touched")}, {Count("confirmed")}, {Count("failed")}, {Count("rolledBack", "rolled back")}, {Count("lost")}, {Count("notStarted", "not started")}");

            string Count(string path, string? word = null) => $"{Column.Text(counts[path])} {word ?? path}";
        }

        Section(rollout?["waves"], Waves);
        Section(rollout?["guards"], Guards);
        var devices = ResultWriter.Rows(rollout?["devices"]);
        var shown = writer.IsShort ? devices.Take(DevicesShown).ToList() : devices;
        Section(new JsonArray([.. shown.Select(device => device?.DeepClone())]), Devices);
        if (shown.Count < devices.Count)
        {
            output.WriteLine($"and {devices.Count - shown.Count} more: -o wide");
        }

        if (!writer.IsShort)
        {
            Section(rollout?["timeline"], Timeline);
        }

        void Section(JsonNode? rows, Column[] columns)
        {
            if (ResultWriter.Rows(rows).Count > 0)
            {
                output.WriteLine();
                writer.Write(rows, columns);
            }
        }
    }
}
