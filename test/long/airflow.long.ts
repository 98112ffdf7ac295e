/** The DAG of examples/airflow, played against the service. */
import '../airflow/play.test.ts'
