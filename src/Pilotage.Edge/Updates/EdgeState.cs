using System.Text.Json;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Core.Durability;

namespace Pilotage.Edge.Updates;

/// <summary>What must survive a power cut for an update to end in a working version. Small, replaced whole.</summary>
internal sealed record EdgeState
{
    private const string FileName = "state.json";

    /// <summary>The newest desired state taken.</summary>
    public DesiredState? Desired { get; init; }

    /// <summary>Per use case the sequence below which nothing is installed; only ever rises.</summary>
    public Dictionary<string, long> Floors { get; init; } = [];

    /// <summary>Per use case the release that was promoted and ran: what everything falls back to.</summary>
    public Dictionary<string, string> LastGood { get; init; } = [];

    /// <summary>Offers that failed here, with the reason; never started again.</summary>
    public Dictionary<string, string> Failed { get; init; } = [];

    /// <summary>How often the worker of an offer was started.</summary>
    public Dictionary<string, int> Starts { get; init; } = [];

    /// <summary>Names one offer of one release.</summary>
    public static string Offer(DesiredRelease release) => $"{release.Id}|{release.Challenge}";

    public static EdgeState Load(IDurableDirectory directory) =>
        AtomicFile.Read(directory, FileName) is { } bytes
            ? JsonSerializer.Deserialize(bytes, EdgeJson.Default.EdgeState) ?? new EdgeState()
            : new EdgeState();

    public void Save(IDurableDirectory directory) =>
        AtomicFile.Write(directory, FileName, JsonSerializer.SerializeToUtf8Bytes(this, EdgeJson.Default.EdgeState));

    /// <summary>Takes a desired state; what is remembered of offers that are gone is forgotten, so this stays small.</summary>
    public EdgeState With(DesiredState desired)
    {
        var offers = desired.Releases.Select(Offer).ToHashSet();
        return this with
        {
            Desired = desired,
            Failed = Failed.Where(item => offers.Contains(item.Key)).ToDictionary(),
            Starts = Starts.Where(item => offers.Contains(item.Key)).ToDictionary(),
        };
    }

    public EdgeState WithFailed(string offer, string reason) => this with { Failed = new(Failed) { [offer] = reason } };

    public EdgeState WithStart(string offer) => this with { Starts = new(Starts) { [offer] = Starts.GetValueOrDefault(offer) + 1 } };

    /// <summary>The release is what this edge falls back to from now on, and nothing older is installed any more.</summary>
    public EdgeState WithGood(ReleaseManifest manifest, string release) => this with
    {
        LastGood = new(LastGood) { [manifest.UseCase] = release },
        Floors = new(Floors) { [manifest.UseCase] = Math.Max(manifest.Sequence, Floors.GetValueOrDefault(manifest.UseCase)) },
    };
}
