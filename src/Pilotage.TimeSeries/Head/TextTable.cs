using System.Runtime.InteropServices;

namespace Pilotage.TimeSeries.Head;

/// <summary>Texts by number, each once; appended under the store's lock, read by number without it.</summary>
internal sealed class TextTable
{
    private const int TextsAtFirst = 4;
    private const int OverheadBytes = 64; // The object, its place in the array and in the index.
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private string[] _texts = new string[TextsAtFirst];

    public int Count => _numbers.Count;

    /// <summary>Memory of it, about.</summary>
    public long Bytes { get; private set; }

    /// <summary>The texts that stand here now, and room; later ones do not move them.</summary>
    public string[] Texts => _texts;

    public int Intern(string text)
    {
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, text, out var isKnown);
        if (!isKnown)
        {
            number = _numbers.Count - 1;
            if (number == _texts.Length)
            {
                Array.Resize(ref _texts, 2 * number);
            }

            _texts[number] = text;
            Bytes += OverheadBytes + (sizeof(char) * (long)text.Length);
        }

        return number;
    }
}
