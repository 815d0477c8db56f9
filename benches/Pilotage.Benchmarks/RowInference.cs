using BenchmarkDotNet.Attributes;
using Pilotage.Learning.Boosting;
using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;

namespace Pilotage.Benchmarks;

/// <summary>One row through the same trees: in process (the baseline), through the bound buffers, through tensors.</summary>
public class RowInference
{
    private const int Columns = 24;
    private readonly float[] _row = [.. Enumerable.Range(0, Columns).Select(i => MathF.Sin(i))];
    private readonly float[] _answer = new float[1];
    private BoostedTrees _trees = null!;
    private OnnxModel _model = null!;
    private Tensor _tensor = null!;

    [Params(50, 300)]
    public int Trees { get; set; }

    [GlobalSetup]
    public void Load()
    {
        var random = new Random(7);
        _trees = new BoostedTrees(Columns, 0, [.. Enumerable.Range(0, Trees).Select(_ => Tree(random, depth: 6))]);
        ModelColumn[] columns = [.. Enumerable.Range(0, Columns).Select(i => new ModelColumn($"x{i}", "1"))];
        var bytes = OnnxWriter.TreeEnsemble(_trees, new ModelProperties("trees", "1", columns, [new("y", "1")]));
        _model = OnnxModel.Load(bytes, new OnnxOptions()).Value;
        _tensor = Tensor.Of(_row, 1, Columns);
    }

    [Benchmark(Baseline = true)]
    public float InProcess() => _trees.Predict(_row);

    [Benchmark]
    public float BoundRow()
    {
        _model.Run(_row, _answer);
        return _answer[0];
    }

    [Benchmark]
    public float AnyTensor() => _model.Run([_tensor])[0].As<float>()[0];

    [GlobalCleanup]
    public void Unload() => _model.Dispose();

    private static TreeNode[] Tree(Random random, int depth)
    {
        var inner = (1 << depth) - 1;
        TreeNode Node(int at) => at < inner
            ? new TreeNode(random.Next(Columns), (float)random.NextDouble(), (2 * at) + 1, (2 * at) + 2, true, 0)
            : new TreeNode(-1, 0, -1, -1, false, (float)random.NextDouble());
        return [.. Enumerable.Range(0, (2 * inner) + 1).Select(Node)];
    }
}
