using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Pilotage.Streams.Planning;

namespace Pilotage.Streams.Operators;

/// <summary>Makes operators of plan nodes, each node once, however many read it.</summary>
internal sealed class GraphBuilder(
    PipelinePlan plan, IReadOnlyDictionary<string, IModelInvoker> models, RunContext context)
{
    private readonly Dictionary<PlanNode, Operator> _operators = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, int> _signatures = new(StringComparer.Ordinal);

    /// <summary>The operators that keep state, by a signature of what they compute; inputs before their
    /// readers.</summary>
    public List<(string Signature, Operator Operator)> Stateful { get; } = [];

    /// <summary>All operators.</summary>
    public IEnumerable<Operator> Operators => _operators.Values;

    /// <summary>All steps that run, inputs before their readers.</summary>
    public IEnumerable<(PlanNode Node, Operator Operator)> Steps => _operators.Select(pair => (pair.Key, pair.Value));

    /// <summary>The sources by their position in the plan; null where nothing reads one.</summary>
    public SourceOperator?[] Sources { get; } = new SourceOperator?[plan.Sources.Count];

    public void Add(PlanNode root) => Get(root);

    /// <summary>Puts a collector of features where the model would be asked.</summary>
    public void AddFeatures(PredictNode node, IFeatureSink features) =>
        Get(node.Input!).AddNext(new FeatureOperator(node, features, context));

    /// <summary>Tells what a question finds to somebody who asked.</summary>
    public void AddResult(QueryPlan query, IQuerySink sink) => Get(query.Root).AddNext(new ResultOperator(query, sink, context));

    private Operator Get(PlanNode node)
    {
        if (_operators.TryGetValue(node, out var known))
        {
            return known;
        }

        var inputs = node.Inputs.Select(Get).ToArray();
        var made = Make(node);
        for (var i = 0; i < inputs.Length; i++)
        {
            inputs[i].AddNext(made.Port(i));
        }

        _operators.Add(node, made);
        if (made.HasState)
        {
            Stateful.Add((SignatureOf(node), made));
        }

        return made;
    }

    private Operator Make(PlanNode node) => node switch
    {
        ScanNode scan => Sources[scan.Source] = new(scan.Thing.Properties.Count, scan.Thing.TextSlots, plan.LatenessNs, context) { LateTarget = plan.LateTarget },
        FilterNode filter => new FilterOperator(filter),
        OverNode over => new OverOperator(over, context),
        NumberNode number => new NumberOperator(number, context),
        LeadNode lead => new LeadOperator(lead, context),
        ProjectNode project => new ProjectOperator(project),
        GroupNode group => new GroupOperator(group, context),
        PredictNode predict => new PredictOperator(predict, models[predict.Model.Name], context),
        AlertNode alert => new AlertOperator(alert, context),
        TargetNode target => new TargetOperator(target, context),
        UnionNode union => new UnionOperator(union, SourcesOf(union), context),
        AsOfNode join => new AsOfOperator(join, SourcesOf(join), context),
        AssignNode assign => new AssignOperator(assign),
        GatherNode gather => new GatherOperator(gather, context),
        OrderNode order => new OrderOperator(order, context),
        LimitNode limit => new LimitOperator(limit, context),
        _ => throw new UnreachableException(),
    };

    private SourceOperator[][] SourcesOf(PlanNode node) =>
        [.. node.Inputs.Select(input => input.Upstream().OfType<ScanNode>().Select(scan => (SourceOperator)_operators[scan]).ToArray())];

    // Two equal statements have equal signatures; their order tells them apart.
    private string SignatureOf(PlanNode node)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(node.Describe())).AsSpan(0, 12));
        var before = _signatures.GetValueOrDefault(hash);
        _signatures[hash] = before + 1;
        return $"{hash}.{before}";
    }
}
