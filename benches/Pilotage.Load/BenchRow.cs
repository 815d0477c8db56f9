namespace Pilotage.Load;

/// <summary>One line of a bench's table: our figure, the peer's, and whether what was promised holds.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Ours">Our figure; null when it could not be measured here.</param>
/// <param name="Peer">The peer's figure from the same run; null when the peer is missing.</param>
/// <param name="PeerName">Who the peer is.</param>
/// <param name="Must">The promise.</param>
/// <param name="Aim">What we aim for.</param>
/// <param name="HigherIsBetter">Which way the promise points.</param>
/// <param name="PromiseOnRatio">Whether must and aim speak of ours / peer instead of our figure.</param>
internal sealed record BenchRow(
    string Name,
    string Unit,
    double? Ours,
    double? Peer,
    string? PeerName,
    double? Must,
    double? Aim,
    bool HigherIsBetter = false,
    bool PromiseOnRatio = false)
{
    /// <summary>Ours divided by the peer's.</summary>
    public double? Ratio => Ours / (Peer is 0 ? null : Peer);

    /// <summary>Whether the promise is kept; null when there is none or nothing to hold it against.</summary>
    public bool? Holds
    {
        get
        {
            var figure = PromiseOnRatio ? Ratio : Ours;
            if (figure is not { } value || Must is not { } must)
            {
                return null;
            }

            return HigherIsBetter ? value >= must : value <= must;
        }
    }
}
