using Pilotage.Core.Durability;

namespace Pilotage.Sdk.Outbound;

/// <summary>
/// Room set aside on disk for the notes that sending takes. A queue that has filled the disk could otherwise not be emptied:
/// each message wants a note before it goes, and its file goes only after it.
/// </summary>
internal sealed class QueueReserve(IDurableDirectory directory, int bytes)
{
    private const string FileName = "reserve";

    /// <summary>Whether the room is in use, so that no new message may take it.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Sets the room aside if it is not; false when the disk has none.</summary>
    public bool TryHold()
    {
        try
        {
            Hold();
            IsGone = false;
            return true;
        }
        catch (StorageException full) when (full.Fault == StorageFault.Full)
        {
            Release();
            return false;
        }
    }

    /// <summary>Gives the room up; false when it had been already.</summary>
    public bool Release()
    {
        IsGone = true;
        if (!directory.Exists(FileName))
        {
            return false;
        }

        directory.Delete(FileName);
        return true;
    }

    private void Hold()
    {
        if (directory.Exists(FileName))
        {
            using var there = directory.Open(FileName, DurableOpen.ReadOnly);
            if (there.Length == bytes)
            {
                return;
            }

            directory.Delete(FileName);
        }

        using var file = directory.Open(FileName, DurableOpen.CreateNew);
        file.Write(0, new byte[bytes]);
        file.Sync();
    }
}
