namespace Pilotage.Core.Durability;

/// <summary>A file as it stood at a moment: what is written behind its end later does not show, and it stays readable when its name is gone.</summary>
/// <remarks>Only for files that are never written before their end, as logs and segments are.</remarks>
public sealed class FrozenFile : IDisposable
{
    private readonly IDurableFile _file;

    private FrozenFile(string name, IDurableFile file) => (Name, _file, Length) = (name, file, file.Length);

    /// <summary>Its name, or wherever a copy of it goes.</summary>
    public string Name { get; }

    /// <summary>Its bytes then.</summary>
    public long Length { get; }

    /// <summary>Opens a file of a folder as it stands; null where there is none of that name.</summary>
    public static FrozenFile? Of(IDurableDirectory directory, string name, string? called = null)
    {
        try
        {
            return new FrozenFile(called ?? name, directory.Open(name, DurableOpen.ReadOnly));
        }
        catch (StorageException fault) when (fault.Fault == StorageFault.NotFound)
        {
            return null;
        }
    }

    /// <summary>Reads up to the span's length; less only at the end.</summary>
    public int Read(long offset, Span<byte> into) => _file.Read(offset, into[..(int)Math.Clamp(Length - offset, 0, into.Length)]);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
