using Pilotage.Core.Units;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Meaning;

/// <summary>Which series somebody means: by what they measure, their semantic type, their unit, and words.</summary>
/// <param name="quantities">Every unit of what one of these measures; any where there are none.</param>
/// <param name="isVibration">Whether the property itself, too, has to say that it is a vibration.</param>
/// <param name="unit">This unit alone, however it is written.</param>
/// <param name="type">A semantic type, whole or without its prefix.</param>
/// <param name="words">Each stands in the property's name, title or description, in its thing type's name or title, or in the device's path.</param>
internal sealed class SeriesSearch(ThingBook things, IReadOnlyList<Unit> quantities, bool isVibration, Unit? unit, string? type, IReadOnlyList<string> words)
{
    // A vibration has no quantity of its own: it is told as a speed, an acceleration or a travel (ISO 20816-1).
    private const string Vibration = "vibration";
    private const string VibrationWord = "vib";
    private const int TextCharsMax = 200;
    private static readonly Unit[] OfVibration = [.. new[] { "mm/s", "m/s2", "um" }.Select(code => Ucum.Parse(code).Value)];
    private const int WordsMax = 10;

    // What a property of a thing type says does not change from device to device.
    private readonly Dictionary<(string Thing, string Property), Answer> _answers = [];

    /// <summary>The search, or which parameter cannot be.</summary>
    public static Outcome<SeriesSearch> Of(ThingBook things, string? quantity, string? unit, string? type, string? text)
    {
        if (!UnitOnRead.Asked("unit", unit).TryGet(out var exact, out var refusal) || !Quantity(quantity).TryGet(out var kind, out refusal))
        {
            return refusal;
        }

        if (type is { Length: 0 or > TextCharsMax })
        {
            return QueryBounds.Refused("type", $"has {type.Length} characters; give a semantic type of at most {TextCharsMax}, or leave it out for all");
        }

        var words = (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (text is { Length: > TextCharsMax } || words.Length > WordsMax || (text is not null && words.Length == 0))
        {
            return QueryBounds.Refused("text", $"has {words.Length} words in {text?.Length} characters; give 1 to {WordsMax} words in at most {TextCharsMax}, or leave it out for all");
        }

        return new SeriesSearch(things, kind, quantity == Vibration, exact, type, words);
    }

    public bool Matches(Device device, string property)
    {
        if (!_answers.TryGetValue((device.Thing, property), out var answer))
        {
            answer = Ask(things.Find(device.Tenant, device.Thing), device.Thing, property);
            _answers.Add((device.Thing, property), answer);
        }

        return answer.IsMeant && answer.Rest.All(word => Has(device.Path, word));
    }

    private Answer Ask(ThingDescription? thing, string name, string property)
    {
        var meaning = thing?.Properties.GetValueOrDefault(property);
        var isMeant = (quantities.Count == 0 || quantities.Any(one => meaning?.Unit?.ConvertsTo(one) == true))
            && (!isVibration || Has(property, VibrationWord) || Has(meaning?.Title, VibrationWord) || Has(meaning?.Description, VibrationWord) || meaning?.Types.Any(one => Has(one, VibrationWord)) == true)
            && (unit is null || meaning?.Unit?.IsSameAs(unit) == true)
            && (type is null || meaning?.Types.Any(IsType) == true);

        // The description of a thing type is left out: it may name all of its parts, and every property would be found by each.
        string?[] said = [property, meaning?.Title, meaning?.Description, name, thing?.Title];
        return new Answer(isMeant, isMeant ? [.. words.Where(word => !said.Any(text => Has(text, word)))] : []);
    }

    private bool IsType(string one) => one == type || string.Equals(one[(one.AsSpan().LastIndexOfAny(':', '/', '#') + 1)..], type, StringComparison.OrdinalIgnoreCase);

    private static bool Has(string? text, string word) => text?.Contains(word, StringComparison.OrdinalIgnoreCase) == true;

    private static Outcome<Unit[]> Quantity(string? text) => text is null ? Array.Empty<Unit>()
        : text == Vibration ? OfVibration
        : Quantities.Parse(text).TryGet(out var unit, out var refusal) ? new[] { unit }
        : QueryBounds.Refused("quantity", $"cannot be: {refusal.Message.TrimEnd('.')}. Give a unit of it, or one of {string.Join(", ", Quantities.All)}, {Vibration}");

    /// <summary>Whether a property is meant, and the words that only the device's path can have.</summary>
    private sealed record Answer(bool IsMeant, IReadOnlyList<string> Rest);
}
