using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk.Mqtt;

/// <summary>
/// A SUBSCRIBE or UNSUBSCRIBE waiting for its answer on one connection; nothing as answer means the connection went.
/// </summary>
internal sealed class ControlRequest
{
    private readonly TaskCompletionSource<MqttReason?> _answer =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<MqttReason?> Answer => _answer.Task;

    public void Complete(MqttReason? reason) => _answer.TrySetResult(reason);
}
