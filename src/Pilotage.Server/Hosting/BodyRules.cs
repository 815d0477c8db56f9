using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Pilotage.Server.Hosting;

/// <summary>
/// What the body of a request must hold: every part that has no default, null only where the type allows it, finite numbers, and nothing
/// that is not known there: a misspelt part would be passed over, and what it asked for with it.
/// </summary>
/// <remarks>
/// Applied to the options of routes alone: what is stored is read by <see cref="Json.Web"/>, and nothing stored may become
/// unreadable. The serializer's own check of nulls would also look at answers, and knows nothing of the items of a list.
/// </remarks>
internal static class BodyRules
{
    public static void Apply(JsonSerializerOptions json) =>
        json.TypeInfoResolver =
            (json.TypeInfoResolver ?? new DefaultJsonTypeInfoResolver()).WithAddedModifier(Tighten);

    private static void Tighten(JsonTypeInfo info)
    {
        var isOurs = info.Type.Namespace?.StartsWith("Pilotage.", StringComparison.Ordinal) == true;
        if (!isOurs || info.Kind != JsonTypeInfoKind.Object)
        {
            return;
        }

        info.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        var nullability = new NullabilityInfoContext();
        var rules = new List<Rule>();
        foreach (var property in info.Properties)
        {
            if (property.AssociatedParameter is { IsNullable: false, HasDefaultValue: false })
            {
                property.IsRequired = true;
            }

            if (property is { Get: { } get, AttributeProvider: PropertyInfo member })
            {
                rules.Add(new(property.Name, get, !property.IsSetNullable, ItemsAreGiven(nullability.Create(member))));
            }
        }

        info.OnDeserialized = body => rules.ForEach(rule => rule.Hold(body));
    }

    /// <summary>Whether the last type argument, the item of a list or the value of a dictionary, allows no null.</summary>
    private static bool ItemsAreGiven(NullabilityInfo info) => info switch
    {
        { ElementType: { } element } => element.ReadState == NullabilityState.NotNull,
        { GenericTypeArguments: [.., var item] } => item.ReadState == NullabilityState.NotNull,
        _ => false,
    };

    private sealed record Rule(string Name, Func<object, object?> Get, bool IsGiven, bool ItemsAreGiven)
    {
        public void Hold(object body)
        {
            var value = Get(body);
            if (IsUnfit(value, IsGiven))
            {
                throw new UnfitValueException(Name);
            }

            foreach (var (key, item) in Items(value))
            {
                if (IsUnfit(item, ItemsAreGiven))
                {
                    throw new UnfitValueException(Name, key);
                }
            }
        }

        private static IEnumerable<(string Key, object? Item)> Items(object? value) => value switch
        {
            string or byte[] => [],
            IDictionary map => map.Keys.Cast<string>().Select(key => (key, map[key])),
            IEnumerable items => items.Cast<object?>().Select((item, i) => ($"{i}", item)),
            _ => [],
        };

        // A number such as 1e999 is good JSON and no figure anybody could compute with.
        private static bool IsUnfit(object? value, bool isGiven) =>
            value is null ? isGiven : value is double number && !double.IsFinite(number);
    }
}

/// <summary>A null or an endless number where neither may be; the serializer adds the path of the object around it.</summary>
internal sealed class UnfitValueException(params string[] below) : JsonException("a value that may not stand there")
{
    /// <summary>The steps from that object on.</summary>
    public IReadOnlyList<string> Below { get; } = below;
}
