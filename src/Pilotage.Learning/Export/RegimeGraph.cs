using Pilotage.Learning.Onnx;
using Pilotage.Learning.Regimes;

namespace Pilotage.Learning.Export;

/// <summary>A regime normaliser as ONNX operators, in the order and precision of its own code.</summary>
internal static class RegimeGraph
{
    private delegate ReadOnlySpan<float> RowOf(int regime);

    public static OnnxGraph Of(RegimeNormalizer regimes, string name)
    {
        var (settings, sensors) = (regimes.Settings, regimes.Sensors);
        // With nothing to tell regimes apart, every row is in the first one.
        var choose = regimes is { Regimes: > 1, Settings: > 0 };
        var used = choose ? regimes.Regimes : 1;
        var graph = new OnnxGraph(name)
            .Input(OnnxWriter.Input, TensorType.Float32, -1, settings + sensors)
            .Output(OnnxWriter.Output, TensorType.Float32, -1, sensors)
            .Constant("means", Table(used, sensors, regimes.Means))
            .Constant("deviations", Table(used, sensors, regimes.Deviations))
            .Constant("zero", Tensor.Of([0L], 1))
            .Constant("one", Tensor.Of([1L], 1))
            .Constant("two", Tensor.Of([2L], 1))
            .Constant("settings_end", Tensor.Of([(long)settings], 1))
            .Constant("sensors_end", Tensor.Of([(long)settings + sensors], 1))
            .Node("Slice", [OnnxWriter.Input, "settings_end", "sensors_end", "one"], ["sensors"]);
        var (mean, deviation) = choose ? Gathered(graph, regimes) : ("means", "deviations");
        return graph
            .Node("Sub", ["sensors", mean], ["centred"])
            .Node("Div", ["centred", deviation], [OnnxWriter.Output]);
    }

    /// <summary>Nearest centre by squared distance; on a tie, and when all are NaN, the first, as in-process.</summary>
    private static (string Mean, string Deviation) Gathered(OnnxGraph graph, RegimeNormalizer regimes)
    {
        graph.Constant("scale", Tensor.Of(regimes.SettingScale, regimes.Settings))
            .Constant("centres", Table(regimes.Regimes, regimes.Settings, regimes.Centre))
            .Node("Slice", [OnnxWriter.Input, "zero", "settings_end", "one"], ["settings"])
            .Node("Mul", ["settings", "scale"], ["scaled"])
            .Node("Unsqueeze", ["scaled", "one"], ["scaled_rows"])
            .Node("Sub", ["scaled_rows", "centres"], ["difference"])
            .Node("Mul", ["difference", "difference"], ["squared"])
            .Node("ReduceSum", ["squared", "two"], ["distance"], OnnxAttribute.Of("keepdims", 0L))
            .Node(
                "ArgMin",
                ["distance"],
                ["regime"],
                OnnxAttribute.Of("axis", 1L),
                OnnxAttribute.Of("keepdims", 0L),
                OnnxAttribute.Of("select_last_index", 0L))
            .Node("Gather", ["means", "regime"], ["mean"], OnnxAttribute.Of("axis", 0L))
            .Node("Gather", ["deviations", "regime"], ["deviation"], OnnxAttribute.Of("axis", 0L));
        return ("mean", "deviation");
    }

    private static Tensor Table(int rows, int columns, RowOf row)
    {
        var table = new Tensor(TensorType.Float32, rows, columns);
        for (var i = 0; i < rows; i++)
        {
            row(i).CopyTo(table.As<float>().Slice(i * columns, columns));
        }

        return table;
    }
}
