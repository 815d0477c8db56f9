using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pilotage.Server.Models.Datasets;

/// <summary>What a dataset is made of. Its canonical JSON is the dataset: the digest of these bytes is its name for ever.</summary>
/// <param name="Package">Digest of the package whose pipeline gives the features.</param>
/// <param name="Properties">Columns of the rows, in order.</param>
/// <param name="Rows">Digest of the row file, rows in the order in which they were stored.</param>
/// <param name="RowCount">How many rows it has.</param>
/// <param name="Units">Devices fitted on, in order; a row names its unit by position here.</param>
/// <param name="HeldOut">Paths of devices that matched but are kept for evaluation; nothing of theirs is in the dataset.</param>
/// <param name="LastHoursBeforeStop">When set, only rows this close before a stop carry a label.</param>
/// <param name="Verdicts">What people said about alerts on any device of the binding, up to the cut.</param>
/// <param name="FromNs">The first time of a row that counts; absent where all do, as in datasets of earlier versions.</param>
/// <param name="ToNs">The first time of a row that counts no more.</param>
/// <param name="AsOfNs">Nothing that arrived after it is in the dataset, whatever its time; absent where all that was there is.</param>
internal sealed record DatasetManifest(
    string Format,
    string Name,
    string Package,
    string Thing,
    IReadOnlyList<string> Properties,
    string Rows,
    long RowCount,
    IReadOnlyList<DatasetUnit> Units,
    IReadOnlyList<string> HeldOut,
    double? LastHoursBeforeStop,
    IReadOnlyList<VerdictLabel> Verdicts,
    long? FromNs = null,
    long? ToNs = null,
    long? AsOfNs = null)
{
    public const string CurrentFormat = "pilotage.dataset/1";

    public byte[] ToBytes() => CanonicalJson.Of(JsonSerializer.SerializeToElement(this, ManifestJson.Default.DatasetManifest));

    public static DatasetManifest Read(byte[] bytes) => JsonSerializer.Deserialize(bytes, ManifestJson.Default.DatasetManifest)!;
}

/// <summary>One device's share of a dataset.</summary>
/// <param name="StopNs">When it stopped for good, or null while it lives.</param>
internal sealed record DatasetUnit(string Device, string Path, long Rows, long FirstNs, long LastNs, long? StopNs, bool Planned);

/// <summary>A person's answer to an alert, as a label.</summary>
/// <param name="Verdict">Which of the answers to the alert it is, as the lineage names it; absent in datasets of earlier versions.</param>
internal sealed record VerdictLabel(
    string Alert, string Device, long TimeNs, string Answer, string? Cause, string? Person, string? Verdict = null);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DatasetManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
