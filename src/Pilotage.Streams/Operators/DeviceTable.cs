using Pilotage.Core;
using Pilotage.Streams.State;

namespace Pilotage.Streams.Operators;

/// <summary>Devices by a small index, so that operators keep their state in arrays; the place of a forgotten one is
/// given to the next that comes.</summary>
internal sealed class DeviceTable(int devicesMax)
{
    private readonly Dictionary<DeviceId, int> _indexes = [];
    private readonly List<DeviceId?> _places = [];

    // The lowest free place first: after a restore the same places go to the same devices.
    private readonly PriorityQueue<int, int> _free = new();

    /// <summary>How many devices have state.</summary>
    public int Count => _indexes.Count;

    /// <summary>One more than the highest index in use or free.</summary>
    public int Places => _places.Count;

    public DeviceId this[int index] => _places[index]!.Value;

    /// <summary>The index of a device, a new one for a new device, or -1 when there are too many.</summary>
    public int IndexOf(DeviceId device)
    {
        if (_indexes.TryGetValue(device, out var index))
        {
            return index;
        }

        if (_indexes.Count == devicesMax)
        {
            return -1;
        }

        if (_free.TryDequeue(out index, out _))
        {
            _places[index] = device;
        }
        else
        {
            index = _places.Count;
            _places.Add(device);
        }

        _indexes.Add(device, index);
        return index;
    }

    /// <summary>Frees the place of a device and gives its index; -1 when it had none.</summary>
    public int Forget(DeviceId device)
    {
        if (!_indexes.Remove(device, out var index))
        {
            return -1;
        }

        _places[index] = null;
        _free.Enqueue(index, index);
        return index;
    }

    public void Save(CheckpointWriter writer)
    {
        writer.Write(_places.Count);
        foreach (var device in _places)
        {
            writer.Write(device is null ? 0 : 1);
            writer.Write(device?.Value ?? "");
        }
    }

    /// <summary>Takes saved devices into an empty table; false when there are too many or one of them twice.</summary>
    public bool Load(ref CheckpointReader reader)
    {
        var count = reader.ReadCount(2 * sizeof(int));
        for (var index = 0; index < count; index++)
        {
            var known = reader.ReadInt32() == 1;
            var device = new DeviceId(reader.ReadText());
            if (known && (_indexes.Count == devicesMax || !_indexes.TryAdd(device, index)))
            {
                return false;
            }

            _places.Add(known ? device : null);
            if (!known)
            {
                _free.Enqueue(index, index);
            }
        }

        return true;
    }
}
