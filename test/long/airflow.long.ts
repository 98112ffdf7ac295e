/** The DAG of examples/airflow and the recipes for other orchestrators, played against the service. */
import '../airflow/play.test.ts'
import '../recipes/recipes.test.ts'
