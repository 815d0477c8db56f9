using Pilotage.Core.Contracts.Releases;

namespace Pilotage.Edge.Link;

/// <summary>The newest report per release, waiting to be sent: while the link is down an older one is replaced, never queued.</summary>
internal sealed class LatestReports : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _some = new(0, 1);
    private Dictionary<string, AttestedState> _waiting = [];

    public ValueTask PutAsync(AttestedState report, CancellationToken cancellation)
    {
        lock (_gate)
        {
            _waiting[report.Release] = report;
            if (_some.CurrentCount == 0)
            {
                _some.Release();
            }
        }

        return ValueTask.CompletedTask;
    }

    public async Task SendAsync(Func<AttestedState, CancellationToken, ValueTask> send, CancellationToken stopping)
    {
        while (true)
        {
            await _some.WaitAsync(stopping);
            Dictionary<string, AttestedState> taken;
            lock (_gate)
            {
                (taken, _waiting) = (_waiting, []);
            }

            foreach (var report in taken.Values.OrderBy(report => report.Report))
            {
                await send(report, stopping);
            }
        }
    }

    public void Dispose() => _some.Dispose();
}
