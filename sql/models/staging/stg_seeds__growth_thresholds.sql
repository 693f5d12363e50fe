{{ one_row_of(
    'growth_thresholds',
    [
        'climber_min_downloads_30d', 'edge_interpolated_min_share', 'max_edge_distance_days',
        'min_base_group', 'min_base_model', 'relation_suspect_ratio',
        'relative_adoption_min_models', 'rule_change_min_share'
    ],
    whole=['climber_places', 'climber_quiet_days', 'lineage_max_depth']
) }}
