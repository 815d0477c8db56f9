using System.Reflection;
using Pilotage.Protocols.Mqtt;
using Xunit.Sdk;

namespace Pilotage.Conformance;

/// <summary>A row of a table, run in MQTT 5.0 and in 3.1.1; the version is the test's first argument.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class InEachVersionAttribute(params object?[] rest) : DataAttribute
{
    /// <summary>The other arguments.</summary>
    public IReadOnlyList<object?> Rest { get; } = rest;

    /// <inheritdoc/>
    public override IEnumerable<object?[]> GetData(MethodInfo testMethod) =>
        [[MqttVersion.V5, .. Rest], [MqttVersion.V311, .. Rest]];
}
