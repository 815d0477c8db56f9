using System.Text.Encodings.Web;
using System.Text.Json;

namespace Pilotage.Cli.Frame;

/// <summary>JSON as the CLI prints it, with every letter as it is.</summary>
/// <remarks>The encoder is called unsafe because of pages of HTML; none of this goes into one, and control characters stay escaped.</remarks>
internal static class CliJson
{
    public static JsonSerializerOptions Line { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonSerializerOptions Indented { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true };
}
