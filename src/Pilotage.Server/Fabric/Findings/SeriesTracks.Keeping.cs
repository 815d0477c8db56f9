namespace Pilotage.Server.Fabric.Findings;

/// <content>What is kept of a series over a restart: all of it, as it lies in memory.</content>
internal sealed partial class SeriesTracks
{
    /// <summary>Writes a series.</summary>
    public void Write(BinaryWriter writer, int slot)
    {
        QualityFile.Write<SeriesPulse>(writer, _pulses.AsSpan(slot, 1));
        QualityFile.Write<SeriesHabits>(writer, _habits.AsSpan(slot, 1));
        writer.Write(_findings[slot] is not null);
        if (_findings[slot] is { } findings)
        {
            QualityFile.Write<Finding>(writer, findings);
        }
    }

    /// <summary>Takes a series back; its next point is not compared with the one before.</summary>
    public int Read(BinaryReader reader)
    {
        var slot = Add(0, 0, UnitSteps.Any);
        QualityFile.Read(reader, _pulses.AsSpan(slot, 1));
        QualityFile.Read(reader, _habits.AsSpan(slot, 1));
        _pulses[slot].Epoch = 0;
        if (reader.ReadBoolean())
        {
            _findings[slot] = new Finding[FindingKinds.All.Count];
            QualityFile.Read(reader, _findings[slot].AsSpan());
        }

        return slot;
    }
}
