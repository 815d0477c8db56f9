using System.Diagnostics.CodeAnalysis;

namespace Pilotage.Streams.Operators;

/// <summary>State of an operator by the index of the device; grows with the devices, and only then.</summary>
internal sealed class PerDevice<T>
    where T : class
{
    private T?[] _states = new T?[16];

    /// <summary>One more than the highest index that ever had state.</summary>
    public int Count { get; private set; }

    public bool TryGet(int device, [NotNullWhen(true)] out T? state)
    {
        state = device < Count ? _states[device] : null;
        return state is not null;
    }

    public void Set(int device, T state)
    {
        if (device >= _states.Length)
        {
            Array.Resize(ref _states, Math.Max(device + 1, _states.Length * 2));
        }

        _states[device] = state;
        Count = Math.Max(Count, device + 1);
    }

    public void Clear(int device)
    {
        if (device < Count)
        {
            _states[device] = null;
        }
    }
}
