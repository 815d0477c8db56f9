using Pilotage.Core.Contracts.Releases;
using Pilotage.Edge.Workers;
using Pilotage.Trust;

namespace Pilotage.Edge.Updates;

/// <summary>One release on this edge and the worker that runs it, if one does.</summary>
internal sealed class Slot(string release, string challenge)
{
    public string Release => release;

    public string Challenge => challenge;

    public string Offer => $"{release}|{challenge}";

    /// <summary>Promoted by the server, or what this edge falls back to: it is restarted for ever, never given up for nothing.</summary>
    public bool Trusted { get; set; }

    public VerifiedRelease? Verified { get; set; }

    public string Phase { get; set; } = "";

    public string? Reason { get; set; }

    public bool Staging { get; set; }

    public int? Instance { get; set; }

    public long StartedMs { get; set; }

    public long HeardMs { get; set; }

    public long NotBeforeMs { get; set; }

    public int Crashes { get; set; }

    public AttestedGolden? Golden { get; set; }

    public string? ManifestDigest { get; set; }

    public WorkerReport? LastBeat { get; set; }

    public IReadOnlyList<DesiredDevice> Devices { get; set; } = [];

    /// <summary>Reports still to be made of a release that is gone.</summary>
    public int Farewells { get; set; } = 5;

    public bool Running => Instance is not null;

    /// <summary>Forgets the process that ended, not what it was.</summary>
    public void Ended()
    {
        Instance = null;
        LastBeat = null;
        Golden = null;
    }
}
