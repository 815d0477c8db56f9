using System.Globalization;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Core;
using Pilotage.Server.Package;

namespace Pilotage.Cli.Packages;

/// <summary>Reads a package as the server would, without one, and tells every fault at its place.</summary>
internal static class PackageLint
{
    /// <summary>What was read, or every fault; a folder that is no package at all is a failure.</summary>
    public static JsonObject Check(string folder, string? site)
    {
        var named = site ?? "site.yaml";
        var read = PackageReader.ReadFolder(folder, named);
        if (!read.IsOk && read.Refusal.Code != "package.invalid")
        {
            throw PackageFolder.Failure(folder, read.Refusal);
        }

        var faults = read.IsOk ? [] : read.Refusal.Details.Select(Fault);
        return new JsonObject
        {
            ["package"] = folder,
            ["ok"] = read.IsOk,
            ["name"] = read.IsOk ? read.Value.UseCase.Name : null,
            ["version"] = read.IsOk ? read.Value.UseCase.Version : null,
            ["digest"] = read.IsOk ? read.Value.Digest.ToString() : null,
            ["site"] = read.IsOk && read.Value.Site is not null ? named : null,
            ["needs"] = new JsonArray([.. read.IsOk ? read.Value.Needs.Select(need => (JsonNode)need.Name) : []]),
            ["faults"] = new JsonArray([.. faults]),
        };
    }

    public static IReadOnlyList<string> Lines(JsonNode report) =>
        [.. ResultWriter.Rows(report["faults"]).Select(fault => $"{Place(fault)}{fault?["message"]}")];

    private static string Place(JsonNode? fault) => fault?["file"] is { } file
        ? $"{file}:{(fault["line"] is { } line ? $"{line}:{fault["column"]}: " : " ")}"
        : "";

    /// <summary>Splits <c>file:line:column</c>; a place without numbers is a file.</summary>
    private static JsonObject Fault(RefusalDetail detail)
    {
        var parts = detail.Where.Split(':');
        var placed = parts.Length == 3 && Number(parts[1]) is not null && Number(parts[2]) is not null;
        return new JsonObject
        {
            ["file"] = placed ? parts[0] : detail.Where,
            ["line"] = placed ? Number(parts[1]) : null,
            ["column"] = placed ? Number(parts[2]) : null,
            ["message"] = detail.Message,
        };
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
