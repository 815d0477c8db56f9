namespace Pilotage.Server.Fabric.Pipelines;

/// <summary>Rows a second of each step, between now and when somebody asked some seconds ago; since the start where nobody did.</summary>
internal sealed class StepRates
{
    private const double NsPerSecond = 1e9;
    private const long ShortestNs = 2_000_000_000;
    private long _beforeNs;
    private long[] _before = [];
    private long _lastNs;
    private long[] _last = [];

    public IReadOnlyList<double> Of(long nowNs, long[] rows, long sinceNs)
    {
        if (nowNs - _lastNs >= ShortestNs)
        {
            (_beforeNs, _before, _lastNs, _last) = (_lastNs, _last, nowNs, rows);
        }

        var from = _before.Length == rows.Length ? _beforeNs : sinceNs;
        var seconds = (nowNs - from) / NsPerSecond;
        return [.. rows.Select((count, i) => seconds <= 0 ? 0 : (count - (_before.Length == rows.Length ? _before[i] : 0)) / seconds)];
    }
}
