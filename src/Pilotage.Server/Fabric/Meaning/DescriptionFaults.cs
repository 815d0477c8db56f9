namespace Pilotage.Server.Fabric.Meaning;

/// <summary>Everything that is wrong with a thing description, by JSON pointer (RFC 6901), so that one reading shows all of it.</summary>
internal sealed class DescriptionFaults
{
    private const int FaultsMax = 50;
    private const int TextCharsShown = 60;
    private readonly List<RefusalDetail> _faults = [];

    public bool Any => _faults.Count > 0;

    /// <summary>One fault: what is wrong and why, and what to do about it.</summary>
    public void Add(string pointer, string what)
    {
        if (_faults.Count < FaultsMax)
        {
            _faults.Add(new RefusalDetail(pointer.Length == 0 ? "/" : pointer, what));
        }
    }

    public Refusal ToRefusal(string name)
    {
        var first = _faults[0];
        var more = _faults.Count > 1 ? $" (and {_faults.Count - 1} more)" : "";
        return new Refusal("fabric.thing.invalid", $"The description of {name} cannot be used: {first.Where}: {first.Message}{more}.") { Details = _faults };
    }

    /// <summary>A text of somebody else's as it is shown in a fault.</summary>
    public static string Shown(string text) => text.Length <= TextCharsShown ? text : text[..TextCharsShown] + "…";
}
