{{ one_row_of(
    'growth_thresholds',
    [
        'edge_interpolated_min_share', 'max_edge_distance_days', 'min_base_group', 'min_base_model',
        'relation_suspect_ratio', 'relative_adoption_min_models', 'rule_change_min_share'
    ],
    whole=['lineage_max_depth']
) }}
