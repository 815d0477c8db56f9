using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Server.Fabric.Link;

/// <summary>Batches of one edge are stored one after the other: a later one must not raise the mark over an earlier one that failed.</summary>
internal sealed class ForwardLanes
{
    private readonly Lock _gate = new();
    private readonly Dictionary<DeviceId, Task<bool>> _last = [];

    /// <summary>Runs when the batch before it is stored; refuses when that one was under way and failed.</summary>
    public async Task<PublishDecision> InOrderAsync(DeviceId edge, Func<Task> store)
    {
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool>? before;
        lock (_gate)
        {
            before = _last.GetValueOrDefault(edge) is { IsCompleted: false } running ? running : null;
            _last[edge] = done.Task;
        }

        try
        {
            if (before is not null && !await before)
            {
                done.SetResult(false);
                return PublishDecision.Refused(MqttReason.QuotaExceeded, "the batch before this one was not stored; send both again");
            }

            await store();
            done.SetResult(true);
            return PublishDecision.Accepted;
        }
        finally
        {
            done.TrySetResult(false);
        }
    }
}
