import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Table, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '../../api/client'
import { Await, Page } from '../../kit/page'

/** Ledger, bills, orders, terms and jobs against each other. */
export function Verify() {
  const { t } = useTranslation()
  const query = useQuery({ queryKey: ['verify'], queryFn: () => unwrap(api.GET('/api/v1/operator/verify')) })
  return (
    <Page
      title={t('nav.verify')}
      purpose={t('verify.purpose')}
      actions={
        <Button loading={query.isFetching} onClick={() => void query.refetch()}>
          {t('verify.again')}
        </Button>
      }
    >
      <Await query={query}>
        {(d) => (
          <>
            <Alert
              showIcon
              type={d.ok ? 'success' : 'error'}
              title={t(d.ok ? 'verify.ok' : 'verify.bad')}
              style={{ marginBottom: 16 }}
            />
            <div className="scroll" tabIndex={0} role="region" aria-label={t('nav.verify')}>
              <Table
                size="middle"
                rowKey="name"
                pagination={false}
                dataSource={d.checks}
                columns={[
                  { key: 'n', title: t('verify.check'), render: (_, c) => t(`verify.${c.name}`) },
                  {
                    key: 'o',
                    title: t('field.state'),
                    render: (_, c) => (
                      <Tag color={c.ok ? 'green' : 'red'}>{t(c.ok ? 'verify.fine' : 'verify.differs')}</Tag>
                    ),
                  },
                  { key: 'c', title: t('verify.checked'), dataIndex: 'checked', align: 'right' },
                  {
                    key: 'd',
                    title: t('verify.differences'),
                    render: (_, c) => c.differences.map((x) => <div key={x}>{x}</div>),
                  },
                ]}
              />
            </div>
          </>
        )}
      </Await>
    </Page>
  )
}
